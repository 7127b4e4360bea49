using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack definitions</c>: what workflows can do.</summary>
internal static class DefinitionsCommand
{
    public static Command Create(CommandScope scope) => new DocumentedCommand("definitions", "Check, store and read workflow definitions", [])
    {
        CreateValidate(scope),
        CreateApply(scope),
        CreateList(scope),
        CreateShow(scope),
    };

    private static Argument<string> File() => new("file") { Description = "A YAML or JSON file; '-' is the standard input" };

    private static Command CreateValidate(CommandScope scope)
    {
        var file = File();
        return scope.Define(
            "validate",
            "Check a definition and show everything that is wrong with it; nothing is stored",
            [file],
            ["stack definitions validate release.yaml"],
            async (session, parsed, cancellationToken) =>
            {
                var text = await DefinitionText.ReadAsync(session.Surroundings, parsed.GetRequiredValue(file), cancellationToken);
                var validation = await session.Api.ValidateDefinitionAsync(text, cancellationToken);
                WriteValidation(session.Output, text, validation);
                return validation.Valid ? ExitCode.Completed : ExitCode.Usage;
            });
    }

    private static void WriteValidation(Output output, DefinitionText text, DefinitionValidation validation)
    {
        if (output.IsJson)
        {
            output.Document(validation);
            return;
        }

        if (validation.Valid)
        {
            output.Line(Styles.Plain($"{text.Name} is a good definition."));
            return;
        }

        foreach (var line in ProblemText.Lines(validation.Problems, text.Name))
        {
            output.Text(line);
        }

        output.Note($"{validation.Problems.Count} {(validation.Problems.Count == 1 ? "problem" : "problems")}.");
    }

    private static Command CreateApply(CommandScope scope)
    {
        var file = File();
        return scope.Define(
            "apply",
            "Store a definition; workflows under way keep the one that they began with",
            [file],
            ["stack definitions apply release.yaml", "stack run \"Release 1.2\" --definition release"],
            async (session, parsed, cancellationToken) =>
            {
                var text = await DefinitionText.ReadAsync(session.Surroundings, parsed.GetRequiredValue(file), cancellationToken);
                var definition = await session.Api.ApplyDefinitionAsync(text, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(definition);
                }
                else
                {
                    session.Output.Line(Styles.Plain($"Applied {definition.Name}, version {Version(definition)}."));
                }

                return ExitCode.Completed;
            });
    }

    private static Command CreateList(CommandScope scope) => scope.Define(
        "list",
        "List the definitions",
        [],
        ["stack definitions list"],
        async (session, _, cancellationToken) =>
        {
            var list = await session.Api.ListDefinitionsAsync(cancellationToken);
            if (session.Output.IsJson)
            {
                session.Output.Document(list);
                return ExitCode.Completed;
            }

            var table = new ResultTable("NAME", "VERSION", "ORIGIN", "APPLIED", "DESCRIPTION");
            foreach (var definition in list.Definitions)
            {
                table.Add(
                    definition.Name,
                    Version(definition),
                    definition.BuiltIn ? "built in" : "applied",
                    definition.AppliedAt is { } at ? Words.Ago(at, session.Time) : "",
                    Words.FirstLine(definition.Description, 200));
            }

            table.Write(session.Output);
            return ExitCode.Completed;
        });

    private static Command CreateShow(CommandScope scope)
    {
        var name = new Argument<string>("name") { Description = "The definition's name" };
        return scope.Define(
            "show",
            "Print a definition as it was written",
            [name],
            ["stack definitions show app", "stack definitions show app > mine.yaml"],
            async (session, parsed, cancellationToken) =>
            {
                var definition = await session.Api.GetDefinitionAsync(parsed.GetRequiredValue(name), cancellationToken);
                if (session.Output.IsJson || definition.Source is null)
                {
                    session.Output.Document(definition);
                }
                else
                {
                    session.Output.Text(definition.Source.TrimEnd());
                }

                return ExitCode.Completed;
            });
    }

    private static string Version(DefinitionResource definition) => definition.Version[..Math.Min(12, definition.Version.Length)];
}
