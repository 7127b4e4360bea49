using Stack.Engine;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>Applies the definitions that come with the product when the host starts, except where someone put one of their own under the same name.</summary>
internal sealed partial class BuiltInDefinitions(DefinitionCatalog catalog, ILogger<BuiltInDefinitions> logger) : IHostedService
{
    private const string Folder = "Stack.Orchestrator.Api.Definitions.BuiltIn.";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var name in typeof(BuiltInDefinitions).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(typeof(BuiltInDefinitions).Assembly.GetManifestResourceStream(name)!);
            var text = await reader.ReadToEndAsync(cancellationToken);
            var reading = catalog.Check(text, json: false);
            if (reading.Definition is not { } definition)
            {
                throw new InvalidOperationException($"The built-in definition {name[Folder.Length..]} has problems: {string.Join(' ', reading.Problems)}");
            }

            await ApplyAsync(definition, text, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ApplyAsync(Contracts.WorkflowDefinition definition, string text, CancellationToken cancellationToken)
    {
        StoredDefinition? current = await catalog.FindAsync(definition.Name, cancellationToken);
        if (current is { BuiltIn: false })
        {
            LogKept(definition.Name, current.AppliedAt);
            return;
        }

        await catalog.ApplyAsync(definition, text, builtIn: true, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The definition {Name} that was applied at {AppliedAt} stays in place of the built-in one.")]
    private partial void LogKept(string name, DateTimeOffset appliedAt);
}
