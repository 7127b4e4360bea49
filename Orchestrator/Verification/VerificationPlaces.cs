using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Stack.Checks.Processes;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Verification;

/// <summary>
/// The folders in which claims are checked: a private one among the machine's temporary files for each verification, outside of any other source tree, whose build settings a clone would inherit.
/// What an earlier process of the same data directory left is removed, with the processes that it left.
/// </summary>
internal sealed class VerificationPlaces : IDisposable
{
    private const string Prefix = "stack-verify-";
    private readonly string _owner;
    private readonly TimeProvider _time;
    private readonly Lazy<string> _root;
    private int _places;

    public VerificationPlaces(IOptions<OrchestratorOptions> options, TimeProvider time)
    {
        var directory = options.Value.DataDirectory;
        _owner = $"verification-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..12]}/";
        _time = time;
        _root = new Lazy<string>(() => Enter(directory, _owner));
    }

    /// <summary>Makes a place.</summary>
    public VerificationPlace Open()
    {
        var number = Interlocked.Increment(ref _places).ToString(CultureInfo.InvariantCulture);
        var folder = Directory.CreateDirectory(Path.Combine(_root.Value, number)).FullName;
        var workspace = Path.Combine(folder, "w");

        // A home for each: nothing that one check leaves there may change another.
        var environment = new ProcessEnvironment(Path.Combine(folder, "h"), Environment.GetEnvironmentVariables());
        return new VerificationPlace(folder, workspace, new ProcessTool(environment, $"{_owner}{number}/", workspace, Path.Combine(folder, "t"), _time));
    }

    public void Dispose()
    {
        if (_root.IsValueCreated)
        {
            Folders.Remove(_root.Value);
        }
    }

    private static string Enter(string directory, string owner)
    {
        ProcessGroup.KillOwned(owner);
        var record = Path.Combine(Directory.CreateDirectory(directory).FullName, "verification.place");
        if (File.Exists(record) && File.ReadAllText(record) is var left && Path.GetFileName(left).StartsWith(Prefix, StringComparison.Ordinal))
        {
            Folders.Remove(left);
        }

        var root = Directory.CreateTempSubdirectory(Prefix).FullName;
        File.WriteAllText(record, root);
        return root;
    }
}

/// <summary>Where one verification happens. Disposed, it is gone, with all that runs in it.</summary>
/// <param name="Folder">The whole place.</param>
/// <param name="Workspace">The folder for the clone; not made yet.</param>
/// <param name="Processes">Runs programs in it.</param>
internal sealed record VerificationPlace(string Folder, string Workspace, ProcessTool Processes) : IAsyncDisposable
{
    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Processes.DisposeAsync();
        Folders.Remove(Folder);
    }
}
