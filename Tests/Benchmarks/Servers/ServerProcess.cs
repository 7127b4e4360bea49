using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Stack.Benchmarks.Servers;

/// <summary>A server that a benchmark starts, with all that it starts itself. It ends with the benchmark, however that ends.</summary>
internal sealed class ServerProcess : IDisposable
{
    // The guard reads a pipe that only the benchmark holds open; when it closes, the guard ends the session that it leads.
    private const string Guard = "\"$@\" > \"$SERVER_LOG\" 2>&1 < /dev/null & while read -r line; do :; done; kill -KILL 0";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly string _log;

    private ServerProcess(Process process, string log) => (_process, _log) = (process, log);

    public int Id => _process.Id;

    public static ServerProcess Start(string log, IReadOnlyDictionary<string, string> environment, params string[] command)
    {
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true };
        foreach (var argument in (string[])["sh", "-c", Guard, "sh", .. command])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["SERVER_LOG"] = log;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ServerProcess(Process.Start(start)!, log);
    }

    /// <summary>Waits until the server lets somebody in.</summary>
    public async Task WaitAsync(Func<Task> connect)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await connect();
                return;
            }
            catch (Exception exception) when (Stopwatch.GetElapsedTime(started) < StartLimit && !_process.HasExited)
            {
                // Not yet, whatever it says.
                Trace.WriteLine(exception.Message);
                await Task.Delay(100);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"A server did not start within {StartLimit.TotalSeconds:0} s.{Environment.NewLine}{await File.ReadAllTextAsync(_log)}", exception);
            }
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(5000);
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The first of some programs that is there.</summary>
    public static string Find(string package, params string[] paths) =>
        paths.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException($"{package} is not installed: apt-get install {package}");
}
