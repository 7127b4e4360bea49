using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack models</c>: what can be asked, and what it can.</summary>
internal static class ModelsCommand
{
    public static Command Create(CommandScope scope) => new("models", "List models and find out what they can do") { CreateList(scope), CreateProbe(scope) };

    private static Command CreateList(CommandScope scope) => scope.Define(
        "list",
        "List models, aliases and providers",
        [],
        ["stack models list", "stack models list --json | jq '.providers[] | select(.breaker != \"closed\")'"],
        async (session, _, cancellationToken) =>
        {
            var overview = await session.Api.ListModelsAsync(cancellationToken);
            if (session.Output.IsJson)
            {
                session.Output.Document(overview);
                return ExitCode.Completed;
            }

            WriteModels(session.Output, overview.Models);
            var names = new ResultTable("ALIAS", "MODELS");
            foreach (var alias in overview.Aliases)
            {
                names.Add(alias.Name, string.Join(", ", alias.Models));
            }

            names.Write(session.Output);
            var providers = new ResultTable("PROVIDER", "KIND", "BREAKER", "AT");
            foreach (var provider in overview.Providers)
            {
                providers.Add(provider.Name, provider.Kind, provider.Breaker, provider.Problem ?? provider.Url ?? "in this program");
            }

            providers.Write(session.Output);
            foreach (var problem in overview.Problems)
            {
                session.Output.Note($"{overview.File}: {problem}");
            }

            return ExitCode.Completed;
        });

    private static Command CreateProbe(CommandScope scope)
    {
        var name = new Argument<string>("model") { Description = "The model; not an alias" };
        var context = new Option<int?>("--context") { Description = "How many tokens it is given to read [default: 4096]", HelpName = "TOKENS" };
        return scope.Define(
            "probe",
            "Find out what a model can do by asking it: tools, JSON, how much it reads. Three calls, which cost what they cost",
            [name, context],
            ["stack models probe qwen", "stack models probe ollama/llama3.2:3b --context 16000"],
            async (session, parsed, cancellationToken) =>
            {
                var model = await session.Api.ProbeModelAsync(new ProbeRequest { Model = parsed.GetRequiredValue(name), ContextTokens = parsed.GetValue(context) }, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(model);
                }
                else
                {
                    WriteModels(session.Output, [model]);
                    foreach (var problem in model.Measured?.Problems ?? [])
                    {
                        session.Output.Note(problem);
                    }
                }

                return model.Measured is { Problems.Count: 0 } ? ExitCode.Completed : ExitCode.Failed;
            });
    }

    private static void WriteModels(Output output, IReadOnlyList<ModelResource> models)
    {
        var table = new ResultTable("MODEL", "PROVIDER", "CONTEXT", "TOOLS", "MEASURED", "DOLLARS PER MILLION");
        foreach (var model in models)
        {
            table.Add(model.Name, model.Provider, model.ContextTokens is { } tokens ? $"{tokens}" : "unknown", model.Tools, Measured(model.Measured), Price(model));
        }

        table.Write(output);
    }

    private static string Measured(MeasuredAbility? measured) =>
        measured is null ? "-" : $"tools {measured.Tools}, json {(measured.Json ? "yes" : "no")}, reads {(measured.ContextTokens > 0 ? $"{measured.ContextTokens}" : "not to the beginning")}";

    private static string Price(ModelResource model) => model.InputPrice is { } input
        ? (input == 0 && model.OutputPrice == 0 ? "free" : string.Create(CultureInfo.InvariantCulture, $"{input} in, {model.OutputPrice} out"))
        : "unknown: not called";
}
