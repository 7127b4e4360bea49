using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>
/// The agent types that definitions may name: those that come with the product, and every type of which an agent ever registered here. The latter are kept in the data directory,
/// one a line. Thread-safe.
/// </summary>
internal sealed class AgentTypes(IOptions<OrchestratorOptions> options)
{
    internal const string FileName = "agent-types";

    private static readonly FrozenSet<string> Known = FrozenSet.Create(StringComparer.Ordinal, "initialization", "scaffold", "validation", "e2e", "integration", "deployment", "noop", "canary");

    private readonly Lock _lock = new();
    private volatile FrozenSet<string>? _all;

    private string FilePath => Path.Combine(options.Value.DataDirectory, FileName);

    /// <summary>All known types.</summary>
    public IReadOnlyCollection<string> All => Load();

    /// <summary>Remembers the type of an agent that registered.</summary>
    /// <param name="agentType">The type.</param>
    public void Remember(string agentType)
    {
        if (Load().Contains(agentType))
        {
            return;
        }

        lock (_lock)
        {
            if (!Load().Contains(agentType))
            {
                File.AppendAllLines(FilePath, [agentType]);
                _all = Load().Append(agentType).ToFrozenSet(StringComparer.Ordinal);
            }
        }
    }

    private FrozenSet<string> Load() =>
        _all ??= File.Exists(FilePath) ? Known.Concat(File.ReadLines(FilePath).Where(DefinitionNames.IsValid)).ToFrozenSet(StringComparer.Ordinal) : Known;
}
