using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using StackExchange.Redis;

namespace Stack.Messaging.Redis;

/// <summary>
/// Keeps a list of the waiting tasks of each agent type, so that <c>LLEN agent:tasks:TYPE</c> is the true backlog: made from what the store counts, again and again, which is right after any
/// crash and costs nothing per task. One orchestrator at a time does it. The first thousand entries are task ids; the rest are there to be counted.
/// </summary>
internal sealed partial class RedisBacklog(IBacklog backlog, RedisLink link, RedisOptions options, TimeProvider time, Random random, ILogger<RedisBacklog> logger) : BackgroundService
{
    private const int Named = 1000;
    private const int Padding = 5000;
    private const string Unnamed = "+";
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly string _self = NameOf(random);
    private readonly Dictionary<string, IReadOnlyList<TaskId>> _written = new(StringComparer.Ordinal);

    /// <summary>Makes the lists true, if it is this orchestrator's turn.</summary>
    /// <returns>How many lists were changed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (link.Database is not { } database)
        {
            return 0;
        }

        try
        {
            if (!await IsKeeperAsync(database).WaitAsync(Patience, time, cancellationToken))
            {
                _written.Clear();
                return 0;
            }

            var waiting = await backlog.ReadAsync(Named, cancellationToken);
            return await WriteAsync(database, waiting).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception exception) when (RedisLink.IsTransient(exception))
        {
            _written.Clear();
            LogNotWritten(exception.Message);
            return 0;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var began = time.GetTimestamp();
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    // The boundary of the loop: the store does not answer.
                    LogNotWritten(exception.Message);
                }

                // A store that takes long to count is not asked all the time.
                var took = time.GetElapsedTime(began) * 20;
                await Task.Delay(took > options.BacklogInterval ? took : options.BacklogInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another orchestrator takes over when the term is over.
        }
    }

    private static string NameOf(Random random)
    {
        lock (random)
        {
            return random.NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private async Task<bool> IsKeeperAsync(IDatabase database)
    {
        if (await database.StringGetAsync(RedisNames.TasksKeeper) == _self)
        {
            return await database.KeyExpireAsync(RedisNames.TasksKeeper, Term);
        }

        return await database.StringSetAsync(RedisNames.TasksKeeper, _self, Term, When.NotExists);
    }

    private async Task<int> WriteAsync(IDatabase database, IReadOnlyList<WaitingTasks> waiting)
    {
        var changed = 0;
        foreach (var type in waiting)
        {
            var length = await database.ListLengthAsync(RedisNames.Tasks(type.AgentType));
            if (length != type.Count || !_written.TryGetValue(type.AgentType, out var before) || !before.SequenceEqual(type.Tasks))
            {
                await ReplaceAsync(database, type, length);
                _written[type.AgentType] = type.Tasks;
                changed++;
            }
        }

        foreach (var gone in (await database.SetMembersAsync(RedisNames.TaskTypes)).Select(name => (string)name!).Except(waiting.Select(type => type.AgentType)))
        {
            await database.KeyDeleteAsync(RedisNames.Tasks(gone));
            await database.SetRemoveAsync(RedisNames.TaskTypes, gone);
            _written.Remove(gone);
            changed++;
        }

        return changed;
    }

    // One transaction: whoever looks sees the list before or after, not in between.
    private static async Task ReplaceAsync(IDatabase database, WaitingTasks type, long length)
    {
        var key = RedisNames.Tasks(type.AgentType);
        var rest = type.Count - type.Tasks.Count;
        var kept = rest <= 0 ? 0 : Math.Min(Math.Max(0, length - Named), rest);
        var transaction = database.CreateTransaction();
        if (kept == 0)
        {
            _ = transaction.KeyDeleteAsync(key);
        }
        else
        {
            // The long tail is only there to be counted: it is made longer or shorter, not anew.
            _ = transaction.ListTrimAsync(key, length - kept, -1);
        }

        if (type.Tasks.Count > 0)
        {
            _ = transaction.ListLeftPushAsync(key, [.. type.Tasks.Reverse().Select(task => (RedisValue)task.ToString())]);
        }

        for (var missing = rest - kept; missing > 0; missing -= Padding)
        {
            _ = transaction.ListRightPushAsync(key, Enumerable.Repeat((RedisValue)Unnamed, (int)Math.Min(missing, Padding)).ToArray());
        }

        _ = transaction.SetAddAsync(RedisNames.TaskTypes, type.AgentType);
        await transaction.ExecuteAsync();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The lists of waiting tasks in Redis are late. {Reason}")]
    private partial void LogNotWritten(string reason);
}
