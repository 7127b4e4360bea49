using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>
/// The agent types that definitions may name: those that come with the product, and every type of which an agent ever registered here. The latter are kept in the shared directory,
/// one a line; other orchestrators add theirs. Thread-safe.
/// </summary>
internal sealed class AgentTypes(IOptions<OrchestratorOptions> options)
{
    internal const string FileName = "agent-types";

    private static readonly FrozenSet<string> Known = FrozenSet.Create(StringComparer.Ordinal, "initialization", DefinitionReader.OrchestratorAgent, "scaffold", "validation", "e2e", "integration", "deployment", "loop", "noop", "canary");

    private readonly Lock _lock = new();
    private volatile Reading? _last;

    private string FilePath => Path.Combine(options.Value.SharedDirectory, FileName);

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
            }
        }
    }

    // The file only grows.
    private FrozenSet<string> Load()
    {
        var file = new FileInfo(FilePath);
        if (!file.Exists)
        {
            return Known;
        }

        if (_last is not { } last || last.Length != file.Length)
        {
            _last = last = new Reading(file.Length, Known.Concat(File.ReadLines(FilePath).Where(DefinitionNames.IsValid)).ToFrozenSet(StringComparer.Ordinal));
        }

        return last.Types;
    }

    private sealed record Reading(long Length, FrozenSet<string> Types);
}
