using Stack.Contracts;
using Stack.Tests.Servers;

namespace Stack.Tests.EndToEnd;

/// <summary>The AppHost dies while it runs real servers.</summary>
[Collection(EndToEndCollection.Name)]
[NeedsServer("postgresql")]
[NeedsServer("redis-server")]
[NeedsServer("rabbitmq-server")]
public sealed class KillOnServersTests
{
    [ServerFact]
    public async Task Kill_OfTheAppHost_LeavesNoProcessAndTheNextRunCompletesTheWork()
    {
        await using var stack = new RunningStack("processes");
        await stack.StartAsync();
        var workflow = await stack.SubmitAsync("A console program that greets people by name");
        await Answering.TrueAsync(async () => (await stack.GetAsync(workflow.Id)).Progress > 0, TimeSpan.FromMinutes(2), () => $"No stage ended.{Environment.NewLine}{stack.Output}");

        RunningStack.Kill(stack.AppHostPid);

        await Answering.TrueAsync(() => Task.FromResult(stack.Processes().Count == 0), TimeSpan.FromSeconds(15), () => "Left over: " + string.Join("; ", stack.Processes()));
        await stack.StartAsync();
        await Answering.TrueAsync(
            async () => (await stack.GetAsync(workflow.Id)).Status is WorkflowStatus.Completed, TimeSpan.FromMinutes(5), () => $"It did not complete.{Environment.NewLine}{stack.Output}");
        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }
}
