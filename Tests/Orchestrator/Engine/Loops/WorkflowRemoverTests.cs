using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

public sealed class WorkflowRemoverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Remove_Limit_TakesThoseThatEndedFirst()
    {
        await using var engine = await TestEngine.StartAsync();
        var ended = await EndedAsync(engine, 3);
        Assert.Equal(ended.Take(2), await engine.Get<WorkflowRemover>().RemoveAsync(engine.Time.GetUtcNow(), 2, None));
        Assert.Equal(ended.Take(2).Order(), engine.Workspaces.Removed.Order());
        Assert.Equal(ended.Skip(2), await engine.Get<WorkflowRemover>().RemoveAsync(engine.Time.GetUtcNow(), 1000, None));
        Assert.Empty(await engine.Get<WorkflowRemover>().RemoveAsync(engine.Time.GetUtcNow(), 1000, None));
    }

    [Fact]
    public async Task Remove_ByTwoOrchestratorsAtOnce_RemovesEachOnceWithItsWorkspaceAndNothingThatRuns()
    {
        await using var one = await TestEngine.StartAsync();
        await using var other = await TestEngine.StartAsync(after: one);
        var running = await one.SubmitAsync(Flow.Stage("a"));
        var ended = await EndedAsync(one, 3 * WorkflowRemover.Piece);
        var now = one.Time.GetUtcNow();
        var removed = await Task.WhenAll(new[] { one, other, one, other }.Select(engine => Task.Run(async () =>
        {
            var all = new List<WorkflowId>();
            while (await engine.Get<WorkflowRemover>().RemoveAsync(now, 40, None) is { Count: > 0 } gone)
            {
                all.AddRange(gone);
            }

            return all;
        })));
        Assert.Equal(ended.Order(), removed.SelectMany(ids => ids).Order());
        Assert.Equal(ended.Order(), one.Workspaces.Removed.Distinct().Order());
        Assert.Single(await one.Memory.LoadAsync([running], None));
    }

    private static async Task<List<WorkflowId>> EndedAsync(TestEngine engine, int count)
    {
        var ended = new List<WorkflowId>();
        for (var i = 0; i < count; i++)
        {
            var id = await engine.SubmitAsync(Flow.Stage("a"));
            await engine.Engine.CancelAsync(id, null, null, None);
            engine.Time.Advance(TimeSpan.FromMilliseconds(1));
            ended.Add(id);
        }

        return ended;
    }
}
