using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Publishes the attempts of one agent type.</summary>
/// <param name="agentType">The type.</param>
/// <param name="tools">What to work with.</param>
internal sealed partial class DispatchLane(string agentType, DispatchLane.Tools tools)
{
    private const int MostPerBatch = 256;
    private const int ClaimWaitMs = 30_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan QueuePatience = TimeSpan.FromSeconds(8);

    private readonly ILogger _logger = tools.Logger;
    private volatile IConnection? _declaredOn;
    private int _repairing;

    /// <summary>Publishes until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await RunOnceAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // The boundary of the loop: the store does not answer, or the connection was lost between two calls.
                LogFailed(agentType, BrokerFailures.CauseOf(exception));
                await Task.Delay(Pause, tools.Time, cancellationToken);
            }
        }
    }

    /// <summary>Waits until the broker is there, the agents can take more and there is something for them; publishes it.</summary>
    /// <returns>How many attempts were sent.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await DeclareAsync(cancellationToken);
        var room = await tools.Ledger.WaitForRoomAsync(agentType, cancellationToken);
        var claim = new TaskClaim { AgentType = agentType, MaxTasks = Math.Min(room, MostPerBatch), WaitMs = ClaimWaitMs };
        var tasks = await ClaimAsync(claim, cancellationToken);
        if (tasks.Count == 0)
        {
            return 0;
        }

        var before = tools.Ledger.Add(tasks);
        var messages = new OutgoingMessage[tasks.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = EnvelopeMessages.OfTask(tasks[i], tools.Instance.Results, before.Contains(tasks[i].TaskId));
        }

        try
        {
            // The next batch does not wait for the confirms of this one.
            _ = ConfirmAsync(tasks, await tools.Publisher.SendAsync(messages, CancellationToken.None));
            return tasks.Count;
        }
        catch (BrokerUnavailableException exception)
        {
            await GiveBackAsync(tasks, exception);
            throw;
        }
    }

    // Only while there are agents: what is claimed after the last one left would wait at the broker, where agents that do not know it cannot get at it.
    private async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        using var present = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        tools.Ledger.OnLeft(agentType, () => Cancel(present));
        try
        {
            return await tools.Feed.ClaimAsync(claim, present.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && present.IsCancellationRequested)
        {
            return [];
        }
        finally
        {
            tools.Ledger.OnLeft(agentType, null);
        }
    }

    private static void Cancel(CancellationTokenSource claim)
    {
        try
        {
            claim.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The claim ended in the same moment.
        }
    }

    private async Task DeclareAsync(CancellationToken cancellationToken)
    {
        var connection = await tools.Link.ConnectedAsync(cancellationToken);
        if (!ReferenceEquals(connection, _declaredOn))
        {
            await tools.Topology.DeclareTasksAsync(connection, agentType, cancellationToken);
            _declaredOn = connection;
        }
    }

    private async Task ConfirmAsync(IReadOnlyList<TaskEnvelope> tasks, Task confirmed)
    {
        try
        {
            await confirmed;
            tools.Ledger.Confirmed(tasks);
            MessagingTelemetry.WasPublished(tasks.Count);
        }
        catch (BrokerUnavailableException exception)
        {
            await GiveBackAsync(tasks, exception);
            await RepairAsync();
        }
    }

    // The queue may be what is missing, or what hangs. Told once, whoever published into it.
    private async Task RepairAsync()
    {
        _declaredOn = null;
        if (Interlocked.Exchange(ref _repairing, 1) != 0)
        {
            return;
        }

        try
        {
            await tools.Doctor.RemoveIfDeadAsync(RabbitMqNames.Tasks(agentType), QueuePatience, CancellationToken.None);
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, CancellationToken.None))
        {
            LogFailed(agentType, BrokerFailures.CauseOf(exception));
        }
        finally
        {
            _declaredOn = null;
            Volatile.Write(ref _repairing, 0);
        }
    }

    private async Task GiveBackAsync(IReadOnlyList<TaskEnvelope> tasks, BrokerUnavailableException cause)
    {
        LogGivenBack(agentType, tasks.Count, cause.Message);
        var ids = tasks.Select(task => task.TaskId).ToList();
        tools.Ledger.Doubt(ids);
        try
        {
            await tools.Dispatch.ReturnAsync(ids, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The store does not answer either. The attempts are pending in it, and are found by the search for those that nobody started.
            tools.Ledger.Add(tasks);
            LogFailed(agentType, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Tasks for agents of type {AgentType} could not be published; it is tried again. {Reason}")]
    private partial void LogFailed(string agentType, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} tasks for agents of type {AgentType} are given back to the store: the broker did not confirm them. {Reason}")]
    private partial void LogGivenBack(string agentType, int count, string reason);

    /// <summary>What all lanes work with.</summary>
    internal sealed record Tools(
        ITaskFeed Feed,
        ITaskDispatch Dispatch,
        DispatchLedger Ledger,
        RabbitMqLink Link,
        RabbitMqTopology Topology,
        QueueDoctor Doctor,
        ConfirmedPublisher Publisher,
        RabbitMqInstance Instance,
        TimeProvider Time,
        ILogger<DispatchLane> Logger);
}
