using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

public sealed class RetentionPrunerTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task RunOnce_RemovesWhatEndedLongAgo_WithItsWorkspace()
    {
        await using var engine = await TestEngine.StartAsync();
        var (old, running) = (await engine.SubmitAsync(Flow.Stage("a")), await engine.SubmitAsync(Flow.Stage("a")));
        await engine.Engine.CancelAsync(old, null, null, None);
        engine.Time.Advance(TimeSpan.FromDays(60));
        var recent = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.Engine.CancelAsync(recent, null, null, None);
        engine.Time.Advance(TimeSpan.FromDays(31));
        Assert.Equal(1, await engine.Get<RetentionPruner>().RunOnceAsync(None));
        Assert.Equal([old], engine.Workspaces.Removed);
        Assert.Equal(new[] { running, recent }.Order(), (await engine.Memory.LoadAsync([old, running, recent], None)).Select(workflow => workflow.Header.Id).Order());
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.RetryAsync(old, null, null, None));
    }

    [Fact]
    public async Task RunOnce_EndsBeforeTheWorkspacesAreGone_TheNextPassRemovesThem()
    {
        await using var engine = await TestEngine.StartAsync();
        var old = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.Engine.CancelAsync(old, null, null, None);
        engine.Time.Advance(TimeSpan.FromDays(91));
        engine.Workspaces.FailNextRemovals(1);
        await Assert.ThrowsAsync<IOException>(() => engine.Get<RetentionPruner>().RunOnceAsync(None));
        Assert.Empty(engine.Workspaces.Removed);
        Assert.Equal(1, await engine.Get<RetentionPruner>().RunOnceAsync(None));
        Assert.Equal([old], engine.Workspaces.Removed);
        Assert.Empty(await engine.Memory.LoadAsync([old], None));
    }

    [Fact]
    public async Task RunOnce_ManyPages_RemovesAll()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var i = 0; i < 450; i++)
        {
            await engine.Engine.CancelAsync(await engine.SubmitAsync(Flow.Stage("a")), null, null, None);
        }

        engine.Time.Advance(TimeSpan.FromDays(91));
        Assert.Equal(450, await engine.Get<RetentionPruner>().RunOnceAsync(None));
    }

    [Fact]
    public async Task RunOnce_KeepForEver_RemovesNothing()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.RetentionPeriod = TimeSpan.Zero);
        await engine.Engine.CancelAsync(await engine.SubmitAsync(Flow.Stage("a")), null, null, None);
        engine.Time.Advance(TimeSpan.FromDays(10_000));
        Assert.Equal(0, await engine.Get<RetentionPruner>().RunOnceAsync(None));
    }
}
