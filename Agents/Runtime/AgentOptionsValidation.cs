using Microsoft.Extensions.Options;

namespace Stack.Agents.Runtime;

/// <summary>Checks the options at start.</summary>
internal sealed class AgentOptionsValidation : IValidateOptions<AgentOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, AgentOptions options)
    {
        var problems = new List<string>();
        Check(options.MaxConcurrency is >= 0 and <= 10_000, "MaxConcurrency", options.MaxConcurrency, "0 (what suits the type) to 10000");
        Check(options.DrainGrace >= TimeSpan.Zero && options.DrainGrace <= TimeSpan.FromHours(1), "DrainGrace", options.DrainGrace, "00:00:00 to 01:00:00");
        Check(options.ClaimWait >= TimeSpan.Zero && options.ClaimWait <= TimeSpan.FromSeconds(60), "ClaimWait", options.ClaimWait, "00:00:00 to 00:01:00");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void Check(bool good, string option, object value, string range)
        {
            if (!good)
            {
                problems.Add($"{AgentOptions.Section}:{option} is {value}; it must be {range}.");
            }
        }
    }
}
