using System.Diagnostics;

namespace Stack.Tests.Servers;

/// <summary>Processes of servers, which must not outlive the tests however these end.</summary>
internal static class ServerProcess
{
    private static readonly bool CanDieWithUs = File.Exists("/usr/bin/setpriv");

    /// <summary>Starts a program that is killed when this process ends.</summary>
    public static Process Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        // The signal comes when the thread ends that started it, so that thread must live as long as the process: the pool's do not.
        var start = new ProcessStartInfo(CanDieWithUs ? "/usr/bin/setpriv" : program) { WorkingDirectory = folder ?? Path.GetTempPath() };
        foreach (var argument in (IReadOnlyList<string>)(CanDieWithUs ? ["--pdeathsig", "KILL", program, .. arguments] : arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Starter.Run(() => Process.Start(start)!);
    }

    /// <summary>Sends a signal to a process.</summary>
    public static void Signal(string signal, int process)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>One thread that lives as long as the process.</summary>
    private static class Starter
    {
        private static readonly System.Collections.Concurrent.BlockingCollection<Action> Work = [];

        static Starter() => new Thread(() =>
        {
            foreach (var work in Work.GetConsumingEnumerable())
            {
                work();
            }
        })
        { IsBackground = true, Name = "starts servers" }.Start();

        public static T Run<T>(Func<T> start)
        {
            var done = new TaskCompletionSource<T>();
            Work.Add(() =>
            {
                try
                {
                    done.SetResult(start());
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
            });
            return done.Task.GetAwaiter().GetResult();
        }
    }
}
