using Microsoft.Extensions.Options;

namespace Stack.Orchestrator.Hosting;

/// <summary>Refuses options at start with everything that is wrong with them.</summary>
/// <typeparam name="TOptions">The options.</typeparam>
/// <param name="check">What is wrong, one sentence each with the remedy.</param>
internal sealed class Refusals<TOptions>(Func<TOptions, IEnumerable<string>> check) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        check(options).ToList() is { Count: > 0 } refusals ? ValidateOptionsResult.Fail(refusals) : ValidateOptionsResult.Success;
}

/// <summary>The orchestrator does not start with these settings.</summary>
/// <param name="message">Which setting, and the remedy.</param>
internal sealed class StartRefusedException(string message) : Exception(message);
