using System.Diagnostics;
using System.Globalization;

namespace Stack.Tests.EndToEnd;

/// <summary>A program of this solution in a process of its own. Its keeper, a shell, kills it when this process lets go of the keeper's input: also when it dies.</summary>
internal sealed class KeptProcess : IDisposable
{
    private readonly Process _keeper;
    private readonly int _id;

    private KeptProcess(Process keeper, int id) => (_keeper, _id) = (keeper, id);

    public static async Task<KeptProcess> StartAsync(string directory, string project, string assembly, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        Directory.CreateDirectory(directory);
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = directory };
        foreach (var argument in (string[])["-c", "\"$@\" >> out.log 2>&1 & pid=$!; echo $pid; cat > /dev/null; kill -KILL $pid; wait $pid", "keeper", "dotnet", Programs.PathOf(project, assembly), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var keeper = Process.Start(start)!;
        return new KeptProcess(keeper, int.Parse((await keeper.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }

    /// <summary>Ends it like a power cut does.</summary>
    public void Kill()
    {
        using var process = Process.GetProcessById(_id);
        process.Kill();
        process.WaitForExit(10_000);
    }

    public void Dispose()
    {
        _keeper.StandardInput.Close();
        _keeper.WaitForExit(10_000);
        _keeper.Dispose();
    }
}
