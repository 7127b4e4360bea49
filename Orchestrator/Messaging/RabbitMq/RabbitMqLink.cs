using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// One connection that is made again for ever, with growing pauses. Whoever works over it does so in sessions: a session lasts as long as its connection, and begins anew with the next
/// one, so that nobody mistakes an old channel's delivery tags for a new one's. Thread-safe.
/// </summary>
internal sealed partial class RabbitMqLink : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly RabbitMqOptions _options;
    private readonly RabbitMqTopology _topology;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger<RabbitMqLink> _logger;
    private readonly CancellationTokenSource _life = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource<IConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _keeping;
    private int _disposed;
    private volatile string? _trouble = "Not connected yet.";
    private volatile string? _blocked;

    public RabbitMqLink(RabbitMqOptions options, RabbitMqTopology topology, string name, TimeProvider time, Random random, ILogger<RabbitMqLink> logger) =>
        (_options, _topology, _name, _time, _random, _logger) = (options, topology, name, time, random, logger);

    /// <summary>Why it cannot be used now. Null: it can.</summary>
    public string? Trouble => _trouble ?? _blocked;

    /// <summary>Begins to connect, if it has not. Otherwise the first use does.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _keeping ??= Task.Run(() => KeepAsync(_life.Token), CancellationToken.None);
        }
    }

    /// <summary>The connection, now or when there is one.</summary>
    public Task<IConnection> ConnectedAsync(CancellationToken cancellationToken)
    {
        Begin();
        lock (_gate)
        {
            return _connected.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The connection, now or within a time.</summary>
    /// <exception cref="BrokerUnavailableException">There is none in time.</exception>
    public async Task<IConnection> ConnectedWithinAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await ConnectedAsync(cancellationToken).WaitAsync(limit, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BrokerUnavailableException($"RabbitMQ at {Where} cannot be used. {Trouble} It is tried again for ever; start the server, or correct ConnectionStrings:rabbitmq.");
        }
    }

    /// <summary>Makes the exchanges and queues that both sides share.</summary>
    public Task DeclareSharedAsync(IConnection connection, CancellationToken cancellationToken) => _topology.DeclareSharedAsync(connection, cancellationToken);

    /// <summary>Runs a session on each connection, until it is told to stop.</summary>
    /// <param name="session">The work; its token ends with the connection. When it returns or fails it begins again.</param>
    /// <param name="cancellationToken">Ends it all.</param>
    public async Task RunSessionsAsync(Func<IConnection, CancellationToken, Task> session, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            var connection = await ConnectedAsync(cancellationToken);
            using var lasting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var began = _time.GetTimestamp();
            try
            {
                // It stays subscribed: the connection goes with all that listens to it, and sessions that end before it are rare.
                connection.ConnectionShutdownAsync += (_, _) => EndAsync(lasting);
                if (connection.IsOpen)
                {
                    await session(connection, lasting.Token);
                }
            }
            catch (OperationCanceledException) when (lasting.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken))
            {
                LogSessionFailed(_name, BrokerFailures.CauseOf(exception));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The boundary: whoever waits for what comes over it must not wait for ever because of one that nobody expected.
                LogSessionBroken(exception, _name);
            }

            // A session that cannot begin, on a connection that stands, must not turn into a busy loop.
            failures = _time.GetElapsedTime(began) > CallLimit ? 0 : failures + 1;
            await Task.Delay(PauseAfter(failures), _time, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _life.CancelAsync();
        if (_keeping is { } keeping)
        {
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _life.Dispose();
    }

    private string Where => Uri.TryCreate(_options.Address, UriKind.Absolute, out var uri) ? $"{uri.Host}:{(uri.Port > 0 ? uri.Port : uri.Scheme == "amqps" ? 5671 : 5672)}" : "?";

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ConnectAsync(cancellationToken);
                await DeclareSharedAsync(connection, cancellationToken);
                failures = 0;
                await HoldAsync(connection, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The boundary: nobody else would connect again, whatever it was.
                Note(BrokerFailures.CauseOf(exception));
            }

            await Task.Delay(PauseAfter(++failures), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = new Uri(_options.Address),
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectLimit,
            HandshakeContinuationTimeout = CallLimit,
            ContinuationTimeout = CallLimit,
            ClientProvidedName = _name,
        };
        return await factory.CreateConnectionAsync(cancellationToken);
    }

    private async Task HoldAsync(IConnection connection, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult(reason);
            return Task.CompletedTask;
        };
        connection.ConnectionBlockedAsync += (_, blocked) =>
        {
            _blocked = $"The server takes no messages: {blocked.Reason}. Free its memory or disk.";
            LogBlocked(_name, blocked.Reason);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            _blocked = null;
            return Task.CompletedTask;
        };
        if (connection.IsOpen)
        {
            _trouble = null;
            _connected.TrySetResult(connection);
            LogConnected(_name, Where);
            var reason = await ended.Task.WaitAsync(cancellationToken);
            Note(reason.ReplyText);
        }
    }

    private void Note(string trouble)
    {
        lock (_gate)
        {
            if (_connected.Task.IsCompleted)
            {
                _connected = new TaskCompletionSource<IConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        _blocked = null;
        if (_trouble != trouble)
        {
            _trouble = trouble;
            LogLost(_name, Where, trouble);
        }
    }

    private TimeSpan PauseAfter(int failures)
    {
        var most = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 20)), _options.LongestPause.TotalMilliseconds);
        lock (_random)
        {
            return TimeSpan.FromMilliseconds(most * (0.5 + (_random.NextDouble() / 2)));
        }
    }

    private static async Task EndAsync(CancellationTokenSource session)
    {
        try
        {
            await session.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The session ended in the same moment.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name}: connected to RabbitMQ at {Where}")]
    private partial void LogConnected(string name, string where);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name}: no connection to RabbitMQ at {Where}; it is tried again. {Reason}")]
    private partial void LogLost(string name, string where, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name}: RabbitMQ takes no messages for now. {Reason}")]
    private partial void LogBlocked(string name, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Name}: a session with RabbitMQ failed in a way that nobody expected; it begins again")]
    private partial void LogSessionBroken(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name}: a session with RabbitMQ ended; it begins again. {Reason}")]
    private partial void LogSessionFailed(string name, string reason);
}
