using Microsoft.Extensions.Options;
using Stack.Engine;

namespace Stack.Orchestrator.Hosting;

/// <summary>Runs the host and says in one line why it does not start, when that is the user's to change.</summary>
internal static class HostRun
{
    /// <summary>The exit code for settings that cannot be used (EX_CONFIG of sysexits.h).</summary>
    internal const int RefusedExitCode = 78;

    private const int MaxTries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs the host until it is told to stop. A store that goes away while the host starts, after it was found to be there, is waited for, a few times: each start looks for it as patiently as the first.</summary>
    public static async Task<int> RunAsync(Func<WebApplication> create)
    {
        for (var tries = 1; ; tries++)
        {
            if (await TryAsync(create, isLast: tries == MaxTries) is { } code)
            {
                return code;
            }

            await Task.Delay(Pause);
        }
    }

    private static async Task<int?> TryAsync(Func<WebApplication> create, bool isLast)
    {
        try
        {
            await using var app = create();
            await app.RunAsync();
            return 0;
        }
        catch (StoreUnavailableException away) when (!isLast)
        {
            await Console.Error.WriteLineAsync($"The orchestrator starts again: the store went away meanwhile. {away.Message}");
            return null;
        }
        catch (Exception refusal) when (Remedy(refusal) is not null)
        {
            await Console.Error.WriteLineAsync("The orchestrator does not start. " + Remedy(refusal));
            return RefusedExitCode;
        }
    }

    private static string? Remedy(Exception failure) => failure switch
    {
        StartRefusedException or StoreSchemaException or StoreUnavailableException => failure.Message,
        OptionsValidationException options => string.Join(' ', options.Failures),
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => failure.Message + " Stop what listens there, or choose another address with --urls http://localhost:PORT.",
        _ => null,
    };
}
