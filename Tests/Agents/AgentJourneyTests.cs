using Microsoft.Extensions.Logging.Abstractions;
using Stack.Agents.Deployment;
using Stack.Agents.E2e;
using Stack.Agents.Integration;
using Stack.Agents.Scaffold;
using Stack.Agents.Validation;
using Stack.Contracts;
using Stack.Tests.Agents.Deployment;

namespace Stack.Tests.Agents;

/// <summary>One program through all five agents, without the orchestrator; with it, see the end-to-end tests.</summary>
public sealed class AgentJourneyTests
{
    [Fact]
    public async Task Journey_ConsoleProgram_IsWrittenCheckedTriedMergedAndPublished()
    {
        await using var bench = await AgentBench.CreateAsync();
        await using var list = await ListedDeployments.StartAsync();
        await using var processes = new ProcessTool(new ProcessEnvironment(bench.Folder.At("home"), Environment.GetEnvironmentVariables()), $"{Guid.CreateVersion7():n}/journey/", bench.Folder.Path, bench.Folder.At("t"), TimeProvider.System);
        using var client = new HttpClient();
        var root = new DeploymentRoot(bench.Folder.At("deployments"), "here");
        using var supervisor = new DeploymentSupervisor(root, new Deployments(list.Client), processes, client, TimeProvider.System, NullLogger<DeploymentSupervisor>.Instance);

        (await bench.RunAsync(new ScaffoldAgent(), requirements: "A command line calculator")).Completed();
        var validation = (await bench.RunAsync(new ValidationAgent())).Completed();
        var e2e = (await bench.RunAsync(new E2eAgent())).Completed().Output<E2eReport>();
        (await bench.RunAsync(new IntegrationAgent())).Completed();
        var deployed = (await bench.RunAsync(new DeploymentAgent(root, supervisor, new Deployments(list.Client)), workflowName: "My Calculator!")).Completed().Output<DeploymentRecord>();

        Assert.Contains(validation.Result.Artifacts, artifact => artifact.Path == ValidationReport.FilePath && artifact.SizeBytes > 0);
        Assert.Equal(ProgramKind.Console, e2e.Kind);
        Assert.Equal(["the project's tests", "adds exactly", "divides", "refuses division by zero", "refuses an unknown operation"], e2e.Steps.Select(step => step.Name));
        Assert.Equal(("my-calculator", DeploymentStatus.Stopped, null), (deployed.Name, deployed.Status, deployed.Url));
        Assert.Contains("calculator.dll", deployed.Files);
        Assert.Equal(DesiredState.Stopped, list["my-calculator"].Desired);
        Assert.Equal(0, await supervisor.RunOnceAsync(CancellationToken.None));
        Assert.Equal(
            ["deployment", "integration", "e2e", "validation", "scaffold"],
            (await bench.GitAsync("log", "--format=%(trailers:key=Stack-Stage,valueonly)", "work")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Journey_ProgramDoesNotDoWhatItsProbesSay_E2eNamesTheTrial()
    {
        await using var bench = await AgentBench.CreateAsync();
        (await bench.RunAsync(new ScaffoldAgent(), requirements: "A calculator web API")).Completed();
        await bench.CommitAsync("work", (ProgramProbes.FilePath, """
            {"kind": "web", "entry_project": "src/Calculator/Calculator.csproj", "health_path": "/health",
             "http": [{"name": "adds", "path": "/add?a=1&b=1", "json": {"result": 3}}, {"name": "divides", "path": "/divide?a=1&b=0", "status": 200}], "pages": []}
            """));

        var attempt = await bench.RunAsync(new E2eAgent());

        Assert.Equal("e2e_failed", attempt.Error.Code);
        var failed = attempt.Output<E2eReport>().Steps.Where(step => !step.Passed).ToList();
        Assert.Equal(["adds", "divides"], failed.Select(step => step.Name));
        Assert.Equal("$.result is 2, not 3", failed[0].Actual);
        Assert.StartsWith("the status is 400", failed[1].Actual, StringComparison.Ordinal);
    }
}
