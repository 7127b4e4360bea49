using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>
/// Asks all dependencies at once, again and again with a growing pause, until each has answered. The service listens meanwhile, so that it can say
/// what it waits for; it is not ready before.
/// </summary>
internal sealed partial class PreflightRunner(
    IEnumerable<IPreflightCheck> checks,
    PreflightState state,
    IOptions<PreflightOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<PreflightRunner> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
        {
            state.PassAll();
            LogDisabled();
            return;
        }

        var started = time.GetTimestamp();
        var answered = await Task.WhenAll(checks.Select(check => WaitAsync(check, stoppingToken)));
        if (answered.Length > 0 && answered.All(yes => yes))
        {
            LogPassed(answered.Length, time.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    /// <summary>Returns true when the dependency answered, false when the process is told to end because it did not.</summary>
    private async Task<bool> WaitAsync(IPreflightCheck check, CancellationToken stoppingToken)
    {
        var started = time.GetTimestamp();
        var reported = false;
        for (var attempt = 1; ; attempt++)
        {
            var cause = await TryAsync(check, stoppingToken);
            var elapsed = time.GetElapsedTime(started);
            if (cause is null)
            {
                state.Pass(check);
                LogAvailable(check.Name, elapsed.TotalMilliseconds, attempt);
                return true;
            }

            state.Fail(check, cause);
            if (elapsed >= options.Value.Timeout && !reported)
            {
                reported = true;
                if (options.Value.FailFast)
                {
                    return GiveUp(check, attempt, elapsed, cause);
                }

                LogStillMissing(check.Name, attempt, elapsed.TotalSeconds, cause, check.Remedy);
            }
            else if (attempt == 1)
            {
                LogFirstFailure(check.Name, elapsed.TotalMilliseconds, cause, options.Value.Timeout.TotalSeconds, check.Remedy);
            }

            await Task.Delay(options.Value.PauseAfter(attempt), time, stoppingToken);
        }
    }

    private bool GiveUp(IPreflightCheck check, int attempts, TimeSpan elapsed, string cause)
    {
        LogGivenUp(check.Name, attempts, elapsed.TotalSeconds, cause, check.Remedy);
        Environment.ExitCode = 1;
        lifetime.StopApplication();
        return false;
    }

    /// <summary>Returns null when the dependency answered, otherwise the cause.</summary>
    private async Task<string?> TryAsync(IPreflightCheck check, CancellationToken stoppingToken)
    {
        using var timeout = new CancellationTokenSource(options.Value.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
        try
        {
            // A check that overlooks its token must not hold up the report.
            await check.CheckAsync(either.Token).WaitAsync(either.Token);
            return null;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure) when (failure is OperationCanceledException or TimeoutException)
        {
            return $"no answer within {options.Value.AttemptTimeout.TotalSeconds:0.###} s";
        }
        catch (Exception failure)
        {
            // The boundary: whatever a check throws is the cause to be shown.
            return Cause(failure);
        }
    }

    private static string Cause(Exception failure)
    {
        // "Connection refused (localhost:5432)" is deeper than "An error occurred while sending the request."
        var deepest = failure;
        while (deepest is not SocketException && deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        var text = ReferenceEquals(deepest, failure) || failure.Message.Contains(deepest.Message, StringComparison.Ordinal)
            ? failure.Message
            : $"{failure.Message} ({deepest.Message})";
        return text.TrimEnd('.', ' ');
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Preflight is off: dependencies are not checked")]
    private partial void LogDisabled();

    [LoggerMessage(Level = LogLevel.Information, Message = "✓ {Dependency} is available after {Milliseconds:0} ms (attempt {Attempt})")]
    private partial void LogAvailable(string dependency, double milliseconds, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "✓ Preflight passed: {Count} dependencies in {Milliseconds:0} ms")]
    private partial void LogPassed(int count, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "⚠ {Dependency} is not available after {Milliseconds:0} ms: {Cause}. Trying for {Seconds} s. {Remedy}")]
    private partial void LogFirstFailure(string dependency, double milliseconds, string cause, double seconds, string remedy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "⚠ {Dependency} is still not available after {Attempts} attempts in {Seconds:0.0} s: {Cause}. Not ready, and trying on. {Remedy}")]
    private partial void LogStillMissing(string dependency, int attempts, double seconds, string cause, string remedy);

    [LoggerMessage(Level = LogLevel.Critical, Message = "⚠ {Dependency} is not available after {Attempts} attempts in {Seconds:0.0} s: {Cause}. Preflight:FailFast is on, so this process ends with exit code 1. {Remedy}")]
    private partial void LogGivenUp(string dependency, int attempts, double seconds, string cause, string remedy);
}
