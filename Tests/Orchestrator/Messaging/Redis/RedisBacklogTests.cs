using Stack.Contracts;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.Redis;

/// <summary>LLEN answers the true backlog.</summary>
[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisBacklogTests(RedisServer server)
{
    private static readonly CancellationToken None = CancellationToken.None;

    [ServerFact]
    public async Task RunOnce_BacklogGrowsAndShrinks_LengthIsTheCount()
    {
        var waiting = new Waiting();
        await using var views = await RedisViews.OpenAsync(server.OwnAddress(), backlog: waiting);
        var redis = await views.OperatorAsync();
        foreach (var count in (int[])[0, 3, 1, 2500, 12_345, 2499, 7, 0])
        {
            waiting.Set(count);
            await views.Backlog.RunOnceAsync(None);
            Assert.Equal(count, await redis.ListLengthAsync("agent:tasks:scaffold"));
            var expected = waiting.Tasks.Select(task => task.ToString()).ToList();
            Assert.Equal(expected, (await redis.ListRangeAsync("agent:tasks:scaffold", 0, expected.Count - 1)).Take(expected.Count).Select(value => (string)value!));
            Assert.Equal(0, await views.Backlog.RunOnceAsync(None));
        }
    }

    [ServerFact]
    public async Task RunOnce_FlushedOrTamperedWith_IsTrueAgain()
    {
        var waiting = new Waiting();
        waiting.Set(5);
        await using var views = await RedisViews.OpenAsync(server.OwnAddress(), backlog: waiting);
        var redis = await views.OperatorAsync();
        await views.Backlog.RunOnceAsync(None);
        await redis.ExecuteAsync("FLUSHDB");
        await views.Backlog.RunOnceAsync(None);
        Assert.Equal(5, await redis.ListLengthAsync("agent:tasks:scaffold"));
        await redis.ListLeftPopAsync("agent:tasks:scaffold");
        await views.Backlog.RunOnceAsync(None);
        Assert.Equal(5, await redis.ListLengthAsync("agent:tasks:scaffold"));
    }

    [ServerFact]
    public async Task RunOnce_TwoOrchestrators_OneKeepsTheLists()
    {
        var (address, waiting) = (server.OwnAddress(), new Waiting());
        waiting.Set(2);
        await using var first = await RedisViews.OpenAsync(address, backlog: waiting);
        await using var second = await RedisViews.OpenAsync(address, backlog: waiting);
        Assert.Equal(1, await first.Backlog.RunOnceAsync(None));
        Assert.Equal(0, await second.Backlog.RunOnceAsync(None));
        await (await first.OperatorAsync()).KeyDeleteAsync("orchestrator:tasks-keeper");
        waiting.Set(3);
        Assert.Equal(1, await second.Backlog.RunOnceAsync(None));
        Assert.Equal(0, await first.Backlog.RunOnceAsync(None));
    }

    private sealed class Waiting : IBacklog
    {
        private int _count;

        public IReadOnlyList<TaskId> Tasks { get; private set; } = [];

        public void Set(int count)
        {
            _count = count;
            Tasks = [.. Enumerable.Range(0, Math.Min(count, 1000)).Select(_ => new TaskId(WorkflowId.New(TimeProvider.System), "scaffolding", 1))];
        }

        public Task<IReadOnlyList<WaitingTasks>> ReadAsync(int most, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<WaitingTasks>>(_count == 0 ? [] : [new WaitingTasks("scaffold", _count, Tasks)]);
    }
}
