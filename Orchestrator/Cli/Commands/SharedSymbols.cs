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

    public static Option<TimeSpan?> GiveUpAfter() => Duration("--give-up-after", "How long to wait for an orchestrator that went away, for example 30s or 5m [default: 1m]", "30s or 5m");

    /// <summary>A duration.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="examples">Two that make sense here.</param>
    public static Option<TimeSpan?> Duration(string name, string description, string examples) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!Contracts.DurationText.TryParse(text, out var duration))
            {
                result.AddError($"'{text}' is not a duration. Write for example {examples}.");
            }

            return duration;
        },
    };

    public static Option<string?> Reason() => new("--reason") { Description = "Why, for the record", HelpName = "TEXT" };
}
