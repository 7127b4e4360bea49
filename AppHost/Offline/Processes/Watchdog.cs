using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// A small shell in a session of its own that holds the other end of a pipe of this host. However the host ends, the pipe ends with
/// it; the shell then ends every process of the run: it asks the services first, and two seconds later kills whatever carries the
/// run's mark or belongs to a service's process group. It is told when the host has cleaned up itself.
/// </summary>
internal sealed partial class Watchdog(RunMarker marker, StateDirectory data, ServerFolders servers, ILogger<Watchdog> logger) : IDisposable
{
    // Marked processes are found through /proc, and sessions of PostgreSQL, which wipes their marks, by the folder they work in. Where there is no
    // /proc, the groups named by the pid files have to do.
    private const string Script = """
        trap '' INT HUP TERM QUIT PIPE
        mark=$1; pids=$2; servers=$3; runtime=$4; run=$5; data=$6
        while read -r word; do [ "$word" = done ] && exit 0; done
        [ -L "$servers" ] && servers=$(readlink "$servers")
        marked() { grep -ls "$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
        housed() {
          for p in $(ls -ld /proc/[0-9]*/cwd 2>/dev/null | grep -F -- "-> $servers/" | sed 's|.*/proc/\([0-9]*\)/cwd .*|\1|'); do
            read -r name 2>/dev/null < "/proc/$p/comm" && [ "$name" = postgres ] && echo "$p"
          done
        }
        leaders() { cat "$pids"/*.pid 2>/dev/null | cut -d' ' -f1; }
        alive() { [ -n "$(marked)$(housed)" ] && return 0; for p in $(leaders); do kill -0 "-$p" 2>/dev/null && return 0; done; return 1; }
        cat "$pids"/*.pid 2>/dev/null | while read -r p ticks signal; do kill "-${signal:-TERM}" "$p" 2>/dev/null; kill -CONT "-$p" 2>/dev/null; done
        for i in 1 2 3 4 5 6 7 8 9 10; do alive || break; sleep 0.2; done
        for i in 1 2 3 4 5 6 7 8 9 10; do
          for p in $(leaders); do kill -KILL "-$p" 2>/dev/null; done
          for p in $(marked) $(housed); do kill -KILL "$p" 2>/dev/null; done
          alive || break
          sleep 0.1
        done
        rm -f "$pids"/*.pid "$pids"/host.json
        [ -n "$runtime" ] || exit 0
        # One may just be being made: look until nothing was there three times.
        none=0
        for i in 1 2 3 4 5 6 7 8 9 10; do
          found=$("$runtime" ps --all --quiet --filter "label=$run" --filter label=stack.lifetime=session 2>/dev/null)
          if [ -n "$found" ]; then none=0; "$runtime" kill $found; "$runtime" rm --force --volumes $found; else none=$((none+1)); fi >/dev/null 2>&1
          [ $none -ge 3 ] && break
          sleep 0.3
        done
        "$runtime" network ls --quiet --filter "label=$data" 2>/dev/null | while read -r network; do "$runtime" network rm "$network" >/dev/null 2>&1; done
        """;

    private readonly Lock gate = new();
    private Process? shell;
    private bool isDone;

    internal int? ProcessId
    {
        get
        {
            lock (gate)
            {
                return shell is { HasExited: false } ? shell.Id : null;
            }
        }
    }

    /// <summary>Starts the shell. Without a way to start a session, as on Windows, there is no watchdog.</summary>
    /// <param name="runtime">What removes the containers of the run; null when there are none.</param>
    internal void Start(ContainerRuntime? runtime)
    {
        if (SessionLauncher.Find() is not { } launcher)
        {
            LogMissing();
            return;
        }
        var start = new ProcessStartInfo { FileName = launcher.Program, WorkingDirectory = "/", RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in launcher.Arguments.Concat(["/bin/sh", "-c", Script, "stack-watchdog", marker.RunAssignment, data.Run, servers.Link, runtime?.Program ?? "", $"{ContainerLabels.Run}={marker.RunId}", $"{ContainerLabels.Data}={marker.DirectoryHash}"]))
        {
            start.ArgumentList.Add(argument);
        }
        lock (gate)
        {
            if (isDone)
            {
                return;
            }
            shell = Process.Start(start)!;
            shell.EnableRaisingEvents = true;
            shell.Exited += (_, _) => StartAgain(runtime);
            shell.StandardOutput.Close();
            shell.StandardError.Close();
        }
    }

    /// <summary>Lets the shell go: nothing is left for it to end.</summary>
    public void Dispose()
    {
        Process? told;
        lock (gate)
        {
            if (isDone)
            {
                return;
            }
            isDone = true;
            told = shell;
        }
        if (told is null)
        {
            return;
        }
        try
        {
            told.StandardInput.Write("done\n");
            told.StandardInput.Close();
        }
        catch (IOException)
        {
            // Somebody ended it before.
        }
        told.Dispose();
    }

    private void StartAgain(ContainerRuntime? runtime)
    {
        lock (gate)
        {
            if (isDone)
            {
                return;
            }
        }
        LogEnded();
        Start(runtime);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watchdog ended; starting another.")]
    private partial void LogEnded();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Neither setsid nor perl was found: if this host is killed, its services stay until the next start.")]
    private partial void LogMissing();
}
