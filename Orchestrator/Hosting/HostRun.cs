using Microsoft.Extensions.Options;
using Stack.Engine;

namespace Stack.Orchestrator.Hosting;

/// <summary>Runs the host and says in one line why it does not start, when that is the user's to change.</summary>
internal static class HostRun
{
    /// <summary>The exit code for settings that cannot be used (EX_CONFIG of sysexits.h).</summary>
    internal const int RefusedExitCode = 78;

    public static async Task<int> RunAsync(Func<WebApplication> create)
    {
        try
        {
            await using var app = create();
            await app.RunAsync();
            return 0;
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
