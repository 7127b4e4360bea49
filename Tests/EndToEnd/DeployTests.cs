using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Stack.Contracts;
using Stack.Tests.AppHost.Offline.Containers;
using Stack.Tests.Containers;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>publish → build → deploy on real containers: the main job, a release that does not become healthy, and a kill.</summary>
[Collection(PodmanCollection.Name)]
public sealed class DeployTests(DeployedStack stack, ITestOutputHelper output) : IClassFixture<DeployedStack>
{
    [ContainerFact]
    public async Task Run_OnADeployedStack_CompletesAllStages()
    {
        output.WriteLine($"The first deployment took {stack.FirstTook.TotalSeconds:F1} s.{Environment.NewLine}{stack.FirstWords}");

        var started = Stopwatch.GetTimestamp();
        var run = await stack.CliAsync(TimeSpan.FromMinutes(5), "run", "A calculator web API with add, subtract, multiply and divide");

        output.WriteLine($"The main job took {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s.");
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}{Environment.NewLine}{run.Output}{run.Error}");
    }

    [ContainerFact]
    public async Task Deploy_AnImageThatDoesNotBecomeHealthy_RollsBackWhileTheOldOneAnswers()
    {
        var before = await ServingAsync();
        var original = await File.ReadAllTextAsync(stack.EnvironmentFile);
        // It starts, and answers nothing on the port that is asked.
        await File.WriteAllTextAsync(stack.EnvironmentFile, original.Replace("ORCHESTRATOR_IMAGE=\n", "ORCHESTRATOR_IMAGE=docker.io/library/redis:8.6\n", StringComparison.Ordinal));
        using var done = new CancellationTokenSource();
        var polling = PollAsync(done.Token);

        var (exitCode, said) = await stack.AppHostAsync("deploy", healthSeconds: 15);

        await done.CancelAsync();
        var (polls, failed) = await polling;
        await File.WriteAllTextAsync(stack.EnvironmentFile, original);
        output.WriteLine($"{polls} requests, {failed} failed.{Environment.NewLine}{said}");
        Assert.Equal(1, exitCode);
        Assert.Contains("was rolled back: 'orchestrator' ", said, StringComparison.Ordinal);
        Assert.Contains("orchestrator | ", said, StringComparison.Ordinal);
        Assert.True(polls > 20, $"only {polls} requests");
        Assert.Equal(0, failed);
        Assert.Equal(before, await ServingAsync());
        Assert.Matches(@"RolledBack\s+'orchestrator' ", (await stack.AppHostAsync("releases")).Output);
    }

    [ContainerFact]
    public async Task Deploy_InterruptedWhileItWaits_RollsBackAndSaysSo()
    {
        var before = await ServingAsync();
        var original = await File.ReadAllTextAsync(stack.EnvironmentFile);
        await File.WriteAllTextAsync(stack.EnvironmentFile, original.Replace("ORCHESTRATOR_IMAGE=\n", "ORCHESTRATOR_IMAGE=docker.io/library/redis:8.6\n", StringComparison.Ordinal));

        var (exitCode, said) = await stack.InterruptedAsync("deploy", async () => (await RehearsingAsync()).Length > 0, healthSeconds: 120);

        await File.WriteAllTextAsync(stack.EnvironmentFile, original);
        output.WriteLine(said);
        Assert.Equal(130, exitCode);
        Assert.Contains("Interrupted; what was begun is undone.", said, StringComparison.Ordinal);
        Assert.Contains("rolling back to the release before", said, StringComparison.Ordinal);
        Assert.Equal(before, await ServingAsync());
        Assert.Equal("", await RehearsingAsync());
        Assert.Matches(@"RolledBack\s+it was interrupted", (await stack.AppHostAsync("releases")).Output);
    }

    [ContainerFact]
    public async Task Kill_OfTheOrchestratorsProcess_LosesNothing()
    {
        using var submitted = await stack.Client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = "A library that counts words" }, StackJson.Options);
        var body = await submitted.Content.ReadAsStringAsync();
        Assert.True(submitted.IsSuccessStatusCode, body);
        var workflow = System.Text.Json.JsonSerializer.Deserialize<WorkflowResource>(body, StackJson.Options)!;
        var container = (await ServingAsync()).Split(' ')[0];
        var pid = int.Parse(await TestContainers.PodmanAsync("container", "inspect", "--format", "{{.State.Pid}}", container), CultureInfo.InvariantCulture);

        RunningStack.Kill(pid);

        await Answering.TrueAsync(
            async () => (await stack.Client.GetFromJsonAsync<WorkflowResource>($"/api/v1/workflows/{workflow.Id}", StackJson.Options))!.State is "COMPLETED" or "FAILED",
            TimeSpan.FromMinutes(4),
            () => "The workflow did not end after the orchestrator was killed.");
        Assert.Equal("COMPLETED", (await stack.Client.GetFromJsonAsync<WorkflowResource>($"/api/v1/workflows/{workflow.Id}", StackJson.Options))!.State);
        Assert.NotEqual("0", await TestContainers.PodmanAsync("container", "inspect", "--format", "{{.RestartCount}}", container));
    }

    /// <summary>The container of the orchestrator that serves, and since when.</summary>
    private Task<string> ServingAsync() => TestContainers.PodmanAsync(
        "ps", "--filter", $"name={stack.Container("orchestrator", 1)[..^1]}", "--filter", "label=stack.role=Serving", "--format", "{{.Names}} {{.CreatedAt}}");

    private Task<string> RehearsingAsync() => TestContainers.PodmanAsync(
        "ps", "--all", "--filter", $"name={stack.Container("orchestrator", 1)[..^1]}", "--filter", "label=stack.role=Rehearsing", "--format", "{{.Names}}");

    private async Task<(int Polls, int Failed)> PollAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = stack.Address, Timeout = TimeSpan.FromSeconds(5) };
        var (polls, failed) = (0, 0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!cancellationToken.IsCancellationRequested)
        {
            polls++;
            try
            {
                using var answer = await client.GetAsync("/health/ready", CancellationToken.None);
                failed += answer.IsSuccessStatusCode ? 0 : 1;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                failed++;
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return (polls, failed);
    }
}
