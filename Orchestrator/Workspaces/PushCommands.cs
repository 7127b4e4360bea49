using System.Buffers;

namespace Stack.Orchestrator.Workspaces;

/// <summary>The list of commands that begins a push, read before git sees it, so that only branches of attempts are ever written by agents.</summary>
internal sealed class PushCommands
{
    private const int MaxCommands = 100;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<(string Reference, string? Refusal)> _commands = [];
    private string _capabilities = "";

    /// <summary>The bytes that were read, for git.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>Whether git may see the push.</summary>
    public bool Allowed => _commands.TrueForAll(command => command.Refusal is null);

    /// <summary>Reads the list up to the pack.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The commands. Null: this is no push.</returns>
    public static async Task<PushCommands?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var push = new PushCommands();
        while (await PacketLine.ReadAsync(body, push._bytes, cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                return push;
            }

            if (!line.StartsWith("shallow ", StringComparison.Ordinal) && !push.Add(line))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>The answer to a push that git does not get to see, in the words of git's report.</summary>
    public byte[] Refuse()
    {
        using var report = new MemoryStream();
        PacketLine.Append(report, "unpack ok\n");
        foreach (var (reference, refusal) in _commands)
        {
            PacketLine.Append(report, $"ng {reference} {refusal ?? "another reference of this push was refused"}\n");
        }

        report.Write(PacketLine.Flush);
        if (!_capabilities.Contains("side-band-64k", StringComparison.Ordinal))
        {
            return report.ToArray();
        }

        using var framed = new MemoryStream();
        PacketLine.Append(framed, [1, .. report.ToArray()]);
        framed.Write(PacketLine.Flush);
        return framed.ToArray();
    }

    private bool Add(string line)
    {
        var zero = line.IndexOf('\0', StringComparison.Ordinal);
        if (zero >= 0)
        {
            _capabilities = line[(zero + 1)..];
            line = line[..zero];
        }

        var parts = line.TrimEnd('\n').Split(' ', 3);
        if (parts.Length != 3 || _commands.Count >= MaxCommands)
        {
            return false;
        }

        _commands.Add((parts[2], Judge(parts[1], parts[2])));
        return true;
    }

    private static string? Judge(string commit, string reference)
    {
        if (!reference.StartsWith(GitReferences.Attempts, StringComparison.Ordinal) || !GitReferences.IsFullName(reference))
        {
            return "only refs/heads/attempts/STAGE/ATTEMPT can be pushed; other references move when a result counts";
        }

        return commit.All(c => c == '0') ? "branches of attempts are not deleted" : null;
    }
}
