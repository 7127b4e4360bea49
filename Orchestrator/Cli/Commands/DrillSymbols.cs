using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Options that drills and soaks share.</summary>
internal static class DrillSymbols
{
    /// <summary>Names the data folder where neither the option nor the default does.</summary>
    public const string DataVariable = "STACK_DATA";

    public static Option<string?> DataDirectory() => new("--data")
    {
        Description = $"The data folder of the AppHost that runs [env: {DataVariable}; default: .stack]",
        HelpName = "DIR",
    };

    public static Option<int?> Seed() => new("--seed") { Description = "What random choices come from; the same seed makes the same ones [default: any]", HelpName = "NUMBER" };

    public static Option<int> Count(string name, string description, int otherwise, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => otherwise, HelpName = "COUNT" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var count) && (count < least || count > most))
            {
                result.AddError($"{name} {count} is out of range. Write a number from {least} to {most}.");
            }
        });
        return option;
    }

    public static Option<TimeSpan?> Duration(string name, string description, TimeSpan otherwise) => new(name)
    {
        Description = $"{description}, for example 30s or 5m [default: {DurationText.Format(otherwise)}]",
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!DurationText.TryParse(text, out var duration) || duration <= TimeSpan.Zero)
            {
                result.AddError($"'{text}' is not a duration. Write for example 30s or 5m.");
            }

            return duration;
        },
    };

    /// <summary>A seed that the person can give again.</summary>
    public static int AnySeed(Session session) => (int)(session.Time.GetUtcNow().Ticks / TimeSpan.TicksPerMillisecond & 0xFFFFF);

    public static string DirectoryOf(Session session, ParseResult parsed, Option<string?> data) =>
        session.Surroundings.PathOf(parsed.GetValue(data) ?? session.Surroundings.Variable(DataVariable) ?? ".stack");

    /// <summary>Finds the stack to hurt. Its AppHost says where the orchestrator is, unless the person does.</summary>
    public static Task<DrillTarget> OpenAsync(CommandScope scope, Session session, ParseResult parsed, Option<string?> data, CancellationToken cancellationToken)
    {
        var isSaid = (parsed.GetValue(scope.Globals.Server) ?? session.Surroundings.Variable(ServerAddress.Variable)) is not null;
        return DrillTarget.OpenAsync(DirectoryOf(session, parsed, data), isSaid ? session.Api.Server : null, session.Api.ApiKey, session.Time, cancellationToken);
    }
}
