using System.Security.Cryptography;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>What an attempt hands in beside its outcome.</summary>
internal sealed partial class AgentContext
{
    private readonly Lock _gate = new();
    private List<Artifact>? _artifacts;
    private List<string>? _warnings;
    private List<ReferenceUpdate>? _references;
    private Usage _usage = Usage.None;

    /// <summary>Points to a file worth showing.</summary>
    /// <param name="artifact">The file.</param>
    public void AddArtifact(Artifact artifact)
    {
        lock (_gate)
        {
            (_artifacts ??= []).Add(artifact);
        }
    }

    /// <summary>Points to a file of the workspace; its size and checksum are read from it.</summary>
    /// <param name="name">What it is, for a person.</param>
    /// <param name="path">Where it is, relative to the workspace.</param>
    /// <param name="type">Its media type or kind. Null: not said.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task AddArtifactAsync(string name, string path, string? type, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(Workspace.PathOf(path));
        var checksum = await SHA256.HashDataAsync(file, cancellationToken);
        AddArtifact(new Artifact { Name = name, Path = path, Type = type, SizeBytes = file.Length, Checksum = Convert.ToHexStringLower(checksum) });
    }

    /// <summary>Adds something that a person should know although the attempt succeeded.</summary>
    /// <param name="warning">One sentence.</param>
    public void AddWarning(string warning)
    {
        lock (_gate)
        {
            (_warnings ??= []).Add(warning);
        }
    }

    /// <summary>Asks to move another reference when the result counts, for example <c>refs/heads/main</c> or a new tag. The attempt's HEAD must contain the commit.</summary>
    /// <param name="name">The full name.</param>
    /// <param name="commit">The commit.</param>
    public void UpdateReference(string name, string commit)
    {
        lock (_gate)
        {
            (_references ??= []).Add(new ReferenceUpdate(name, commit));
        }
    }

    /// <summary>Adds to what the attempt used. Processes and model calls made through the context are added without this; memory counts as a maximum.</summary>
    /// <param name="usage">What was used.</param>
    public void AddUsage(Usage usage)
    {
        lock (_gate)
        {
            _usage = _usage.Plus(usage);
        }
    }

    /// <summary>Puts the result together.</summary>
    /// <param name="outcome">How the attempt ended.</param>
    /// <param name="commit">The commit that was pushed. Null: none was.</param>
    /// <param name="startedAt">When the attempt began.</param>
    /// <param name="duration">How long it took.</param>
    internal ResultEnvelope ToResult(StageOutcome outcome, string? commit, DateTimeOffset startedAt, TimeSpan duration)
    {
        lock (_gate)
        {
            return new ResultEnvelope
            {
                TaskId = Task.TaskId,
                AgentId = AgentId,
                Outcome = outcome,
                StartedAt = startedAt,
                Change = commit is null ? null : new WorkspaceChange { Commit = commit, References = _references?.ToArray() ?? [] },
                Artifacts = _artifacts?.ToArray() ?? [],
                Warnings = _warnings?.ToArray() ?? [],
                Usage = _usage with { DurationMs = (long)duration.TotalMilliseconds },
            };
        }
    }
}
