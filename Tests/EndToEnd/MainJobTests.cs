using System.Net;
using System.Net.Http.Json;
using Aspire.Hosting.Offline;
using Stack.Contracts;
using Stack.Tests.AppHost.Offline.Containers;
using Stack.Tests.Servers;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>The README's main job, from the AppHost to the running program, as a newcomer does it.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class MainJobTests(ITestOutputHelper output) : MainJobSuite(output, "embedded");

/// <summary>The same on PostgreSQL, Redis and RabbitMQ.</summary>
[Collection(EndToEndCollection.Name)]
[NeedsServer("postgresql")]
[NeedsServer("redis-server")]
[NeedsServer("rabbitmq-server")]
public sealed class MainJobOnServersTests(ITestOutputHelper output) : MainJobSuite(output, "processes");

/// <summary>The same on these servers in containers of podman.</summary>
[Collection(PodmanCollection.Name)]
[NeedsServer("podman")]
public sealed class MainJobInContainersTests(ITestOutputHelper output, PodmanFixture podman) : MainJobSuite(output, "containers")
{
    [ServerFact]
    public async Task Stop_WithContainers_RemovesEveryContainerAndNetwork()
    {
        Assert.NotNull(podman);
        var stack = new RunningStack("containers");
        await using (stack)
        {
            await stack.StartAsync();
            Assert.NotEmpty(await PodmanFixture.PodmanAsync("ps", "--quiet", "--filter", Label(stack)));
            await stack.StopAsync();
            Assert.Empty(await PodmanFixture.PodmanAsync("ps", "--all", "--quiet", "--filter", Label(stack)));
            Assert.Empty(await PodmanFixture.PodmanAsync("network", "ls", "--quiet", "--filter", Label(stack)));
        }
    }

    private static string Label(RunningStack stack) => $"label={ContainerLabels.Data}={new RunMarker(stack.DataDirectory, "any").DirectoryHash}";
}

/// <summary>What holds however infrastructure is run.</summary>
public abstract class MainJobSuite(ITestOutputHelper output, string infrastructure)
{
    [ServerFact]
    public async Task Run_CalculatorOnAFreshStack_CompletesAllStagesAndTheProgramAnswers()
    {
        await using var stack = new RunningStack(infrastructure);
        await stack.StartAsync();
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var run = await Programs.CliAsync(stack, TimeSpan.FromMinutes(5), "run", "A calculator web API with add, subtract, multiply and divide");
        output.WriteLine($"The main job took {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s.");
        output.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}{Environment.NewLine}{run.Output}{run.Error}{Environment.NewLine}{stack.Output}");

        var list = await stack.Client.GetFromJsonAsync<WorkflowList>("/api/v1/workflows", StackJson.Options);
        var workflow = await stack.GetAsync(Assert.Single(list!.Workflows).Id);
        Assert.Equal("COMPLETED", workflow.State);
        Assert.Equal(100, workflow.Progress);
        Assert.Equal(["initialization", "scaffolding", "validation", "e2e_testing", "integration", "deployment"], workflow.Stages!.Select(stage => stage.Name));
        Assert.All(workflow.Stages!, stage => Assert.Equal(StageStatus.Completed, stage.Status));
        Assert.Contains("No language model was used", workflow.StageOutputs!["scaffolding"].ToString(), StringComparison.Ordinal);
        Assert.Contains("'smart' has no language model that answers", workflow.StageOutputs["scaffolding"].To<System.Text.Json.JsonElement>().GetProperty("notice").GetString(), StringComparison.Ordinal);

        await AssertCalculatorAnswersAsync(stack);
        await AssertRepositoryAsync(stack, workflow.Id);

        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }

    private static async Task AssertCalculatorAnswersAsync(RunningStack stack)
    {
        var deployments = await stack.Client.GetFromJsonAsync<DeploymentList>("/api/v1/deployments", StackJson.Options);
        var deployment = Assert.Single(deployments!.Deployments);
        Assert.Equal(DeploymentStatus.Running, deployment.Status);
        using var client = new HttpClient { BaseAddress = new Uri(deployment.Url!) };
        Assert.Contains("42", await client.GetStringAsync("/multiply?a=6&b=7"), StringComparison.Ordinal);
        using var division = await client.GetAsync("/divide?a=1&b=0");
        Assert.Equal(HttpStatusCode.BadRequest, division.StatusCode);
        Assert.Contains("zero", await division.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AssertRepositoryAsync(RunningStack stack, WorkflowId id)
    {
        var folder = Path.Combine(stack.DataDirectory, "checkout");
        var files = await Programs.CliAsync(stack, TimeSpan.FromMinutes(1), "files", id.ToString(), "-o", folder);
        Assert.True(files.ExitCode == 0, files.Output + files.Error);
        var log = await Programs.RunAsync("git", folder, TimeSpan.FromSeconds(30), "log", "--format=%(trailers:key=Stack-Stage,valueonly,separator=%x2C)");
        var stages = log.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct();
        Assert.Equal(["deployment", "e2e_testing", "initialization", "integration", "scaffolding", "validation"], stages.Order());

        var test = await Programs.RunAsync("dotnet", folder, TimeSpan.FromMinutes(4), "test", "--disable-build-servers");
        Assert.True(test.ExitCode == 0, test.Output + test.Error);
        Assert.Contains("Passed!", test.Output, StringComparison.Ordinal);
    }
}
