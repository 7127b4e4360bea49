using System.CommandLine;

namespace Stack.Cli;

/// <summary>Arguments and options that several commands take.</summary>
internal static class SharedSymbols
{
    public static Argument<string> Workflow() => new("id")
    {
        Description = "The workflow: its id, a unique beginning of it, or 'last' ('@') for the newest",
        HelpName = "id",
    };

    public static Option<TimeSpan?> GiveUpAfter() => new("--give-up-after")
    {
        Description = "How long to wait for an orchestrator that went away, for example 30s or 5m [default: 1m]",
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!Contracts.DurationText.TryParse(text, out var duration))
            {
                result.AddError($"'{text}' is not a duration. Write for example 30s or 5m.");
            }

            return duration;
        },
    };

    public static Option<string?> Reason() => new("--reason") { Description = "Why, for the record", HelpName = "TEXT" };
}
