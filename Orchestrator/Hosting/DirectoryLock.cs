using System.Globalization;

namespace Stack.Orchestrator.Hosting;

/// <summary>
/// One orchestrator for one data directory: two would give out the same tasks. The lock belongs to the process, so that the death of its owner frees it, however it came.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    internal const string FileName = "orchestrator.lock";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock; waits a moment for a predecessor that is about to end.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StartRefusedException">Another process has it.</exception>
    public static async Task<DirectoryLock> TakeAsync(string directory, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, FileName);
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                file.SetLength(0);
                file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
                file.Flush();
                return new DirectoryLock(file);
            }
            catch (IOException) when (time.GetElapsedTime(began) < patience)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
            catch (IOException taken)
            {
                throw new StartRefusedException($"Another orchestrator works on the data directory '{directory}': {taken.Message} Stop it, or set {OrchestratorOptions.Section}:DataDirectory to another folder.");
            }
        }
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>Holds the lock from before anything reads the directory until everything has stopped.</summary>
internal sealed class DirectoryOwner(Microsoft.Extensions.Options.IOptions<OrchestratorOptions> options, TimeProvider time) : IHostedLifecycleService, IDisposable
{
    private DirectoryLock? _lock;

    public async Task StartingAsync(CancellationToken cancellationToken) =>
        _lock = await DirectoryLock.TakeAsync(options.Value.DataDirectory, TimeSpan.FromSeconds(5), time, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();
}
