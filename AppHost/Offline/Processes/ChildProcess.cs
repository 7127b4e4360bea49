using System.Diagnostics;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// A program this host started: the leader of a session and process group of its own, so that a Ctrl+C of the terminal does not reach
/// it and so that it can be ended together with what it started. Its output is read line by line.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // What dotnet run and the host's own launch put into the environment for the host, not for its children.
    private static readonly string[] OwnVariables =
    [
        "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_LAUNCH_PROFILE", "DOTNET_HOST_PATH", "MSBuildSDKsPath",
        "MSBuildExtensionsPath", "MSBUILD_EXE_PATH", "MSBuildLoadMicrosoftTargetsReadOnly", "DOTNET_CLI_TELEMETRY_SESSIONID",
    ];

    private readonly Process process;
    private readonly bool leadsGroup;
    private readonly StopSignal stopSignal;
    private readonly Task reading;
    private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, bool leadsGroup, StopSignal stopSignal, Action<string, bool> onLine)
    {
        this.process = process;
        this.stopSignal = stopSignal;
        this.leadsGroup = leadsGroup;
        process.EnableRaisingEvents = true;
        // Not WaitForExitAsync: that waits for the output to end, and a grandchild may hold it open for ever.
        process.Exited += (_, _) => exited.TrySetResult(process.ExitCode);
        if (process.HasExited)
        {
            exited.TrySetResult(process.ExitCode);
        }
        reading = Task.WhenAll(LineReader.ReadAsync(process.StandardOutput.BaseStream, line => onLine(line, false)), LineReader.ReadAsync(process.StandardError.BaseStream, line => onLine(line, true)));
    }

    internal int Id => process.Id;

    /// <summary>Completes with the exit code; 128 and the signal when a signal ended it.</summary>
    internal Task<int> Exited => exited.Task;

    /// <summary>Starts it; <paramref name="input"/> is all it can read, by default nothing.</summary>
    internal static ChildProcess Start(LaunchCommand command, Action<string, bool> onLine, string input = "")
    {
        var launcher = SessionLauncher.Find();
        var start = new ProcessStartInfo
        {
            FileName = launcher?.Program ?? command.Program,
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        if (command.User is { } user)
        {
            start.UserName = user;
        }
        foreach (var argument in launcher is null ? command.Arguments : [.. launcher.Arguments, command.Program, .. command.Arguments])
        {
            start.ArgumentList.Add(argument);
        }
        if (command.HasOwnEnvironment)
        {
            start.Environment.Clear();
        }
        foreach (var name in OwnVariables)
        {
            start.Environment.Remove(name);
        }
        foreach (var variable in command.Environment)
        {
            start.Environment[variable.Name] = variable.Value;
        }
        try
        {
            var process = Process.Start(start)!;
            Feed(process, input);
            return new ChildProcess(process, launcher is not null, command.StopSignal, onLine);
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new DistributedApplicationException($"{command.Program} could not be started: {failure.Message}.", failure);
        }
    }

    private static void Feed(Process process, string input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says why.
        }
    }

    /// <summary>Asks the program to end.</summary>
    internal void Terminate()
    {
        if (OperatingSystem.IsWindows())
        {
            KillTree();
        }
        else
        {
            Signal.Send(Id, stopSignal.Number);
            // One that was paused is to hear it too.
            Signal.SendToGroup(Id, Signal.Resume);
        }
    }

    /// <summary>Ends the program and its group at once.</summary>
    internal void KillTree()
    {
        if (leadsGroup)
        {
            // The group outlives its leader while anybody is in it, so this also ends what a crashed program left.
            Signal.SendToGroup(Id, Signal.Kill);
            return;
        }
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It is gone.
        }
    }

    /// <summary>Waits until what was written before the end has been read, but not for ever: somebody else may hold the pipe open.</summary>
    internal Task DrainAsync() => Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(500)));

    public async ValueTask DisposeAsync()
    {
        KillTree();
        await DrainAsync();
        process.Dispose();
    }
}
