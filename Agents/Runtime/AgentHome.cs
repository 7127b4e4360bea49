using System.Globalization;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// Who this process is and where it keeps things. A restarted process takes up the identity of one that died, with the results that it had not delivered; a lock, which dies with its
/// process, keeps two from sharing one.
/// </summary>
internal sealed class AgentHome : IDisposable
{
    private readonly FileStream _lock;
    private int _places;

    private AgentHome(AgentId id, string typeDirectory, string directory, string workRoot, FileStream @lock)
    {
        Id = id;
        Directory = directory;
        SharedDirectory = System.IO.Directory.CreateDirectory(Path.Combine(typeDirectory, "shared")).FullName;
        UserHome = System.IO.Directory.CreateDirectory(Path.Combine(typeDirectory, "home")).FullName;
        WorkRoot = workRoot;
        _lock = @lock;
    }

    /// <summary>Who this process is.</summary>
    public AgentId Id { get; }

    /// <summary>What belongs to this identity.</summary>
    public string Directory { get; }

    /// <summary>What all processes of the type share.</summary>
    public string SharedDirectory { get; }

    /// <summary>The HOME of child processes.</summary>
    public string UserHome { get; }

    /// <summary>Where attempts work: a private folder among the machine's temporary files, outside of any other source tree, whose build settings a workspace would inherit.</summary>
    public string WorkRoot { get; }

    /// <summary>Takes up an identity. What an earlier process left in its work folder, and its child processes, are removed.</summary>
    /// <param name="dataDirectory">The folder for all of Stack's agents on this machine.</param>
    /// <param name="type">The agent type.</param>
    /// <param name="random">Where a new identity comes from.</param>
    public static AgentHome Open(string dataDirectory, string type, Random random)
    {
        var typeDirectory = System.IO.Directory.CreateDirectory(Path.Combine(Path.GetFullPath(dataDirectory), "agents", type)).FullName;
        foreach (var directory in System.IO.Directory.EnumerateDirectories(typeDirectory, $"{type}-*").Order(StringComparer.Ordinal))
        {
            if (TryLock(directory) is { } taken)
            {
                return Enter(typeDirectory, directory, taken);
            }
        }

        while (true)
        {
            var directory = System.IO.Directory.CreateDirectory(Path.Combine(typeDirectory, AgentId.New(type, random).Value)).FullName;
            if (TryLock(directory) is { } taken)
            {
                return Enter(typeDirectory, directory, taken);
            }
        }
    }

    /// <summary>A folder for one attempt; not made yet, and short, because sockets are made in it.</summary>
    public string NextPlace() => Path.Combine(WorkRoot, Interlocked.Increment(ref _places).ToString(CultureInfo.InvariantCulture));

    /// <summary>Gives the identity up, for the next process.</summary>
    public void Dispose()
    {
        Folders.Remove(WorkRoot);
        _lock.Dispose();
    }

    private static AgentHome Enter(string typeDirectory, string directory, FileStream taken)
    {
        var id = new AgentId(Path.GetFileName(directory));
        ProcessGroup.KillOwned($"{id}/");
        var record = Path.Combine(directory, "work");
        if (File.Exists(record) && File.ReadAllText(record) is var left && Path.GetFileName(left).StartsWith("stack-", StringComparison.Ordinal))
        {
            Folders.Remove(left);
        }

        var root = System.IO.Directory.CreateTempSubdirectory("stack-").FullName;
        File.WriteAllText(record, root);
        return new AgentHome(id, typeDirectory, directory, root, taken);
    }

    private static FileStream? TryLock(string directory)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // Another process has it.
            return null;
        }
    }
}
