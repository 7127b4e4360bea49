using System.Runtime.CompilerServices;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>How the stages of a definition hang together, by position: computed once per definition, so that no decision searches by name in a loop.</summary>
internal sealed class StageGraph
{
    private static readonly ConditionalWeakTable<WorkflowDefinition, StageGraph> Graphs = [];
    private readonly IReadOnlyList<StageDefinition> _stages;
    private readonly Dictionary<string, int> _positions;
    private readonly int[][] _needs;
    private readonly int[][] _owners;

    private StageGraph(WorkflowDefinition definition)
    {
        _stages = definition.Stages;
        _positions = _stages.Select((stage, position) => (stage.Name, position)).ToDictionary(pair => pair.Name, pair => pair.position, StringComparer.Ordinal);
        _needs = [.. _stages.Select(stage => stage.Needs.Select(need => _positions[need]).ToArray())];
        var owners = _stages.Select((stage, position) => (stage.OnFailure, position)).Where(pair => pair.OnFailure is not null).ToLookup(pair => _positions[pair.OnFailure!], pair => pair.position);
        _owners = [.. _stages.Select((_, position) => owners[position].ToArray())];
    }

    /// <summary>The graph of a definition.</summary>
    public static StageGraph Of(WorkflowDefinition definition) => Graphs.GetValue(definition, static key => new StageGraph(key));

    /// <summary>The definition of a stage that is there.</summary>
    public StageDefinition this[string stage] => _stages[_positions[stage]];

    /// <summary>The stages that must complete before the one at a position.</summary>
    public ReadOnlySpan<int> NeedsOf(int position) => _needs[position];

    /// <summary>The stages whose failure the one at a position handles; empty when it is no handler.</summary>
    public ReadOnlySpan<int> OwnersOf(int position) => _owners[position];

    public bool IsHandler(int position) => _owners[position].Length > 0;

    /// <summary>All stages that one needs, directly or through others.</summary>
    public IReadOnlySet<string> AncestorsOf(string stage)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<int>([_positions[stage]]);
        while (open.TryPop(out var position))
        {
            foreach (var need in _needs[position])
            {
                if (found.Add(_stages[need].Name))
                {
                    open.Push(need);
                }
            }
        }

        return found;
    }
}
