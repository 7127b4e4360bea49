using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Publishes attempts, and no more than the agents that are there can take: the backlog stays in the store, in the order of its priorities, where a late urgent task overtakes it. One lane
/// for each agent type; each looks after itself. What was published and never started is found again and published again.
/// </summary>
internal sealed partial class RabbitMqDispatcher(
    DispatchLane.Tools tools,
    IAgentRegistry registry,
    RabbitMqOptions options,
    ILogger<RabbitMqDispatcher> logger) : BackgroundService
{
    /// <summary>How often a task is given another term because its queue is not empty.</summary>
    private const int MostTerms = 5;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeclarePatience = TimeSpan.FromSeconds(2);
    private readonly DispatchLedger _ledger = tools.Ledger;
    private readonly TimeProvider _time = tools.Time;
    private readonly Dictionary<string, Task> _lanes = new(StringComparer.Ordinal);
    private long _searched = tools.Time.GetTimestamp();

    /// <summary>Makes one pass: what the agents can take, what is worth writing down, what got lost.</summary>
    /// <returns>How many attempts were published too long ago and given back to the store.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var (agentType, capacity) in Capacities(await registry.ListAsync(cancellationToken)))
        {
            _ledger.SetCapacity(agentType, capacity);
            if (!_lanes.ContainsKey(agentType))
            {
                _lanes.Add(agentType, new DispatchLane(agentType, tools).RunAsync(cancellationToken));
            }
        }

        tools.Dispatch.Confirm(_ledger.TakeLingering(Lingering), _time.GetUtcNow() + options.DispatchDeadline);
        if (_time.GetElapsedTime(_searched) < options.DispatchDeadline / 10)
        {
            return 0;
        }

        _searched = _time.GetTimestamp();
        return await SearchAsync(cancellationToken);
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _ledger.OnJoined(PrepareAsync);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    // The boundary of the loop: the store or the registry does not answer; the next pass asks again.
                    LogPassFailed(exception);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops. What was claimed and not published is pending in the store.
        }

        await Task.WhenAll(_lanes.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PrepareAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await tools.Link.ConnectedWithinAsync(DeclarePatience, cancellationToken);
            await tools.Topology.DeclareTasksAsync(connection, registration.AgentType, cancellationToken);
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken))
        {
            LogNotPrepared(registration.AgentType, BrokerFailures.CauseOf(exception));
        }
    }

    // Agents that make many short attempts at once have the next ones waiting beside them; for all others one that waits at the broker can no longer be overtaken.
    private List<(string AgentType, int Capacity)> Capacities(IReadOnlyList<AgentResource> agents)
    {
        var present = agents
            .Where(agent => agent.Status is AgentStatus.Online or AgentStatus.Busy && agent.Capabilities.Contains(RabbitMqNames.Capability, StringComparer.Ordinal))
            .GroupBy(agent => agent.AgentType, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(agent => Prefetch.For(agent.MaxConcurrency)), StringComparer.Ordinal);
        return [.. present.Keys.Union(_lanes.Keys, StringComparer.Ordinal).Select(type => (type, present.GetValueOrDefault(type)))];
    }

    private async Task<int> SearchAsync(CancellationToken cancellationToken)
    {
        var old = _ledger.ListOlderThan(options.DispatchDeadline);
        if (old.Count == 0 || tools.Link.Trouble is not null)
        {
            return 0;
        }

        var lost = 0;
        foreach (var group in old.GroupBy(entry => entry.AgentType, StringComparer.Ordinal))
        {
            // A queue that is never empty does not show what it has lost.
            var isWaiting = await IsWaitingAsync(group.Key, cancellationToken);
            var waits = group.ToLookup(entry => isWaiting && entry.Terms < MostTerms, entry => entry.TaskId);
            _ledger.Renew(waits[true]);
            var tasks = waits[false].ToList();
            if (tasks.Count == 0)
            {
                continue;
            }

            var returns = await tools.Dispatch.ReturnAsync(tasks, cancellationToken);
            _ledger.Renew(tasks.Where((_, i) => returns[i] is DispatchReturn.Held));
            _ledger.Forget(tasks.Where((_, i) => returns[i] is DispatchReturn.Over));
            var offered = tasks.Where((_, i) => returns[i] is DispatchReturn.Offered).ToList();
            _ledger.Doubt(offered);
            lost += offered.Count;
            if (offered.Count > 0)
            {
                MessagingTelemetry.WasDispatchedAgain(offered.Count);
                LogLost(group.Key, offered.Count, options.DispatchDeadline);
            }
        }

        return lost;
    }

    // Tasks in a queue with readers will be read. Without readers, or out of the queue and started by nobody, they are as good as lost.
    private async Task<bool> IsWaitingAsync(string agentType, CancellationToken cancellationToken)
    {
        var connection = await tools.Link.ConnectedAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            var queue = await channel.QueueDeclarePassiveAsync(RabbitMqNames.Tasks(agentType), cancellationToken);
            return queue is { MessageCount: > 0, ConsumerCount: > 0 };
        }
        catch (Exception gone) when (BrokerFailures.IsMissing(gone))
        {
            // Somebody deleted it, and what was in it with it. While all that the agents can take counts as given out, nothing else would make it again.
            await tools.Topology.DeclareTasksAsync(connection, agentType, cancellationToken);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue for agents of type {AgentType} is not there yet; it is made when the broker returns. {Reason}")]
    private partial void LogNotPrepared(string agentType, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pass of the dispatcher failed; it is tried again")]
    private partial void LogPassFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} tasks for agents of type {AgentType} were not started within {Deadline}; they are published again")]
    private partial void LogLost(string agentType, int count, TimeSpan deadline);
}
