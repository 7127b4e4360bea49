using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Ends the host when it is told to: the first Ctrl+C, SIGTERM, SIGQUIT or SIGHUP stops everything in order, the next one ends it by force (see <see cref="EndSignals"/>).
/// Also ends it when the <c>dotnet run</c> that started it is gone.
/// </summary>
internal sealed partial class HostSignals(IHostApplicationLifetime lifetime, Func<ApplicationRunner> runner, TimeProvider time, ILogger<HostSignals> logger) : IHostLifetime, IDisposable
{
    private readonly CancellationTokenSource ending = new();
    private EndSignals? signals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        signals = new EndSignals(time, Stop, End);
        _ = FollowCommandAsync(ending.Token);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
        signals?.Dispose();
    }

    private void Stop()
    {
        LogStopping();
        lifetime.StopApplication();
    }

    private void End()
    {
        runner().Kill();
        Environment.Exit(Interruption.ExitCode);
    }

    // Who kills dotnet run expects that what it runs ends too.
    private async Task FollowCommandAsync(CancellationToken cancellationToken)
    {
        using var command = LaunchingCommand.Find();
        if (command is null)
        {
            return;
        }
        var (id, started) = (command.Id, ProcessTable.StartTicks(command.Id));
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (ProcessTable.StartTicks(id) != started || ProcessTable.IsZombie(id))
                {
                    LogCommandGone(id);
                    lifetime.StopApplication();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host ends for another reason.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping. Press Ctrl+C again to end everything at once.")]
    private partial void LogStopping();

    [LoggerMessage(Level = LogLevel.Warning, Message = "dotnet run (process {Id}) is gone; stopping.")]
    private partial void LogCommandGone(int id);
}
