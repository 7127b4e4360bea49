using Stack.Contracts;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>Processes die at random moments of real runs; nothing is lost and nothing counts twice.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    [Fact]
    public async Task Kill_AnyProcessAtRandomMoments_EveryWorkflowCompletesAndNoStageSucceedsTwice()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("STACK_TEST_SEED"), out var given) ? given : Environment.TickCount;
        output.WriteLine($"Seed {seed} (STACK_TEST_SEED repeats it).");
        var random = new Random(seed);
        await using var stack = new RunningStack();
        await stack.StartAsync();
        var workflows = new List<WorkflowId>
        {
            (await stack.SubmitAsync("A console program that greets people by name")).Id,
            (await stack.SubmitAsync("A library that converts temperatures")).Id,
        };

        for (var kill = 1; kill <= Kills; kill++)
        {
            await Task.Delay(random.Next(200, 3000));
            await KillOneAsync(stack, random, kill);
        }

        foreach (var id in workflows)
        {
            await AssertCompletedOnceAsync(stack, id);
        }

        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }

    private async Task KillOneAsync(RunningStack stack, Random random, int number)
    {
        // Every fifth kill takes the AppHost, so that this case is always among the twenty.
        if (number % 5 == 0)
        {
            output.WriteLine($"{number}: AppHost");
            RunningStack.Kill(stack.AppHostPid);
            await Answering.TrueAsync(() => Task.FromResult(stack.Processes().Count == 0), TimeSpan.FromSeconds(10), () => "Left over: " + string.Join("; ", stack.Processes()));
            await stack.StartAsync();
            return;
        }

        var services = stack.Processes().Where(process => process.Pid != stack.AppHostPid && (process.Command.Contains("Stack.Agents.dll", StringComparison.Ordinal) || process.Command.Contains("Stack.Orchestrator.dll", StringComparison.Ordinal))).ToList();
        if (services.Count > 0)
        {
            var (pid, command) = services[random.Next(services.Count)];
            output.WriteLine($"{number}: {command}");
            RunningStack.Kill(pid);
        }
    }

    private static async Task AssertCompletedOnceAsync(RunningStack stack, WorkflowId id)
    {
        WorkflowResource? workflow = null;
        await Answering.TrueAsync(
            async () => (workflow = await stack.GetAsync(id)).Status is WorkflowStatus.Completed or WorkflowStatus.Failed or WorkflowStatus.Exhausted or WorkflowStatus.Canceled,
            TimeSpan.FromMinutes(6),
            () => $"Workflow {id} did not end: {workflow?.Status}, {workflow?.CurrentStage}, {workflow?.Reason}{Environment.NewLine}{stack.Output}");
        Assert.True(workflow!.Status is WorkflowStatus.Completed, $"{workflow.Status}: {workflow.Reason}{Environment.NewLine}{workflow.Error}");
        var events = await stack.EventsAsync(id);
        foreach (var stage in workflow.Stages!)
        {
            Assert.Single(events, happened => happened.Type == "stage.completed" && happened.Stage == stage.Name);
        }
    }
}
