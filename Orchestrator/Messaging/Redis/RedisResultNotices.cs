using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using StackExchange.Redis;

namespace Stack.Messaging.Redis;

/// <summary>
/// Says on <c>orchestrator:results</c> which attempts ended, once that is durable. A notification for people and scripts; nothing in the system listens. While nobody does, nothing is sent,
/// which is looked up every second.
/// </summary>
internal sealed class RedisResultNotices(RedisLink link, TimeProvider time) : BackgroundService, IDispatchListener
{
    private const int MostPerBatch = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Channel<TaskId> _ended = Channel.CreateBounded<TaskId>(new BoundedChannelOptions(10_000) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private volatile bool _heard;

    public Task JoinedAsync(AgentRegistration registration, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Ended(TaskId taskId)
    {
        if (_heard)
        {
            _ended.Writer.TryWrite(taskId);
        }
    }

    public void Stopped(TaskId taskId, string reason)
    {
        // It ends, too, and is told then.
    }

    /// <summary>Looks whether anybody listens.</summary>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _heard = link.Database is { } database && await CountAsync(database).WaitAsync(Patience, time, cancellationToken) > 0;
        }
        catch (Exception exception) when (RedisLink.IsTransient(exception))
        {
            return _heard = false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(LookForEverAsync(stoppingToken), TellForEverAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The results themselves are in the store.
        }
    }

    private static async Task<long> CountAsync(IDatabase database)
    {
        // PUBSUB NUMSUB answers the channel and the number of its listeners.
        var answer = (RedisResult[])await database.ExecuteAsync("PUBSUB", "NUMSUB", RedisNames.Results);
        return (long)answer[1];
    }

    private async Task LookForEverAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await LookAsync(cancellationToken);
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private async Task TellForEverAsync(CancellationToken cancellationToken)
    {
        while (await _ended.Reader.WaitToReadAsync(cancellationToken))
        {
            var batch = new List<TaskId>();
            while (batch.Count < MostPerBatch && _ended.Reader.TryRead(out var task))
            {
                batch.Add(task);
            }

            link.Send(database => Task.WhenAll(batch.Select(task => database.PublishAsync(RedisNames.Results, TextOf(task)))));
        }
    }

    private static string TextOf(TaskId task) => $$"""{"task_id":"{{task}}","workflow_id":"{{task.WorkflowId}}","stage":"{{task.Stage}}","attempt":{{task.Attempt}}}""";
}
