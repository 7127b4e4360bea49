using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Stack.Messaging.Redis;

/// <summary>
/// The connection to Redis, and whether it can be used: it writes something every second, since a server that hangs keeps its connections, and one that is full or a replica
/// answers and takes nothing. While it cannot be used nothing is sent to it, and nobody waits for it. A connection that stays silent is replaced. Thread-safe.
/// </summary>
internal sealed partial class RedisLink(RedisOptions options, TimeProvider time, ILogger<RedisLink> logger) : BackgroundService
{
    private const int MostUnderWay = 512;
    private const int SilencesBeforeReplacement = 4;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan LifeSign = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(4);

    private readonly List<Func<ConnectionMultiplexer, Task>> _arrivals = [];
    private volatile ConnectionMultiplexer? _connection;
    private volatile string? _trouble = "Not connected yet.";
    private int _underWay;
    private int _silences;
    private long _dropped;

    /// <summary>Why it cannot be used now. Null: it can.</summary>
    public string? Trouble => _trouble;

    /// <summary>How many writes were dropped since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The data. Null: it cannot be used now.</summary>
    public IDatabase? Database => _trouble is null ? _connection?.GetDatabase() : null;

    /// <summary>Calls somebody whenever Redis has become usable, on a new connection or an old one. It may have lost everything. To be said before the host starts.</summary>
    public void OnArrival(Func<ConnectionMultiplexer, Task> arrived) => _arrivals.Add(arrived);

    /// <summary>Sends something and does not wait. It is dropped when Redis cannot be used, or does not keep up.</summary>
    public void Send(Func<IDatabase, Task> command)
    {
        if (Database is not { } database || Volatile.Read(ref _underWay) >= MostUnderWay)
        {
            Drop();
            return;
        }

        Interlocked.Increment(ref _underWay);
        _ = ObserveAsync(command, database);
    }

    /// <summary>Finds out whether Redis is there and takes what is written.</summary>
    /// <returns>Whether it can be used.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = _connection ??= await ConnectAsync(cancellationToken);
            await connection.GetDatabase().StringSetAsync(RedisNames.Alive, time.GetUtcNow().ToString("O"), LifeSign).WaitAsync(Patience, time, cancellationToken);
            _silences = 0;
            if (_trouble is not null)
            {
                foreach (var arrived in _arrivals)
                {
                    await arrived(connection).WaitAsync(Patience, time, cancellationToken);
                }

                _trouble = null;
                LogConnected(Where);
            }

            return true;
        }
        catch (Exception exception) when (IsTransient(exception))
        {
            Note(exception is TimeoutException ? $"It did not answer within {Patience.TotalSeconds} s." : FirstLine(exception.Message));
            if (++_silences >= SilencesBeforeReplacement)
            {
                Replace();
            }

            return false;
        }
    }

    /// <summary>Whether it may go well later.</summary>
    public static bool IsTransient(Exception exception) => exception is RedisException or TimeoutException or ObjectDisposedException or IOException or System.Net.Sockets.SocketException;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Replace();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await RunOnceAsync(stoppingToken);
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The views are left as they are; others keep them, or the next start makes them true.
        }
    }

    // Settings may stand before the servers, the password among them.
    private string Where => string.Join(", ", options.Address.Split(',').Select(part => part.Trim()).Where(part => !part.Contains('=', StringComparison.Ordinal)));

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken) =>
        await ConnectionMultiplexer.ConnectAsync(options.Parse()!).WaitAsync(ConnectPatience, time, cancellationToken);

    private async Task ObserveAsync(Func<IDatabase, Task> command, IDatabase database)
    {
        try
        {
            await command(database);
        }
        catch (Exception exception) when (IsTransient(exception) || exception is OperationCanceledException)
        {
            Drop();
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private void Drop()
    {
        Interlocked.Increment(ref _dropped);
        RedisTelemetry.WasDropped();
    }

    private void Note(string trouble)
    {
        if (_trouble != trouble)
        {
            _trouble = trouble;
            LogLost(Where, trouble);
        }
    }

    // What waits for an answer on the old connection fails when it is closed. Closing may wait for the server too, so nobody waits for that.
    private void Replace()
    {
        _silences = 0;
        if (Interlocked.Exchange(ref _connection, null) is { } old)
        {
            _ = Task.Run(() => old.Close(allowCommandsToComplete: false));
        }
    }

    private static string FirstLine(string text) => text.Split('\n', ';')[0].Trim();

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to Redis at {Where}; live views are made anew")]
    private partial void LogConnected(string where);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis at {Where} cannot be used; live views are missing and work goes on. {Reason}")]
    private partial void LogLost(string where, string reason);
}
