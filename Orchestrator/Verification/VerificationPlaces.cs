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
internal sealed class VerificationPlaces
{
    private readonly string _root;
    private readonly string _owner;
    private readonly TimeProvider _time;
    private readonly Lazy<ProcessEnvironment> _environment;
    private int _places;

    public VerificationPlaces(IOptions<OrchestratorOptions> options, TimeProvider time)
    {
        var directory = options.Value.DataDirectory;
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..12];
        _root = Path.Combine(Path.GetTempPath(), $"stack-verify-{name}");
        _owner = $"verification-{name}/";
        _time = time;
        _environment = new Lazy<ProcessEnvironment>(() =>
        {
            ProcessGroup.KillOwned(_owner);
            Folders.Remove(_root);
            return new ProcessEnvironment(Path.Combine(directory, "verification", "home"), Environment.GetEnvironmentVariables());
        });
    }

    /// <summary>Makes a place.</summary>
    public VerificationPlace Open()
    {
        var environment = _environment.Value;
        var number = Interlocked.Increment(ref _places).ToString(CultureInfo.InvariantCulture);
        var folder = Directory.CreateDirectory(Path.Combine(_root, number)).FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var workspace = Path.Combine(folder, "w");
        return new VerificationPlace(folder, workspace, new ProcessTool(environment, $"{_owner}{number}/", workspace, Path.Combine(folder, "t"), _time));
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
