namespace Stack.Checks.Processes;

/// <summary>
/// Runs programs for one owner (an attempt, or an agent for as long as it runs) with a scrubbed environment, limits, and the promise that nothing outlives the owner. Thread-safe.
/// </summary>
internal sealed class ProcessTool : IAsyncDisposable
{
    private readonly ProcessEnvironment _environment;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private HashSet<ChildProcess>? _children;

    /// <summary>Makes the tool of an owner.</summary>
    /// <param name="environment">What processes inherit.</param>
    /// <param name="owner">Marks the processes: the agent's id, a slash, what the agent does, a slash.</param>
    /// <param name="directory">Where they run unless the request says otherwise.</param>
    /// <param name="temporaryDirectory">Their TMPDIR; keep it short, sockets are made in it.</param>
    /// <param name="time">The clock.</param>
    public ProcessTool(ProcessEnvironment environment, string owner, string directory, string temporaryDirectory, TimeProvider time)
    {
        _environment = environment;
        _time = time;
        Owner = owner;
        Directory = directory;
        TemporaryDirectory = temporaryDirectory;
    }

    /// <summary>Marks the processes.</summary>
    public string Owner { get; }

    /// <summary>Where processes run unless the request says otherwise.</summary>
    public string Directory { get; }

    /// <summary>The processes' TMPDIR.</summary>
    public string TemporaryDirectory { get; }

    /// <summary>Receives the lines of requests that ask for it. Null: nobody.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Receives each result, for accounting. Null: nobody.</summary>
    public Action<ProcessResult>? Finished { get; init; }

    /// <summary>Runs a program to its end. A failing program is a result, not an exception.</summary>
    /// <param name="request">The program.</param>
    /// <param name="cancellationToken">Ends the program and its group at once.</param>
    /// <exception cref="ProgramMissingException">There is no such program.</exception>
    public async Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var child = Start(request);
        await using (cancellationToken.UnsafeRegister(static state => ((ChildProcess)state!).Kill(), child))
        {
            var result = await child.Completion;
            cancellationToken.ThrowIfCancellationRequested();
            return result;
        }
    }

    /// <summary>Where a program is. Null: it is not installed.</summary>
    /// <param name="program">A name on PATH, or a path.</param>
    public string? Find(string program) => ProgramPath.Find(program, Directory, _environment.Variables.GetValueOrDefault("PATH", ""));

    /// <summary>Runs a program to its end with the default limits.</summary>
    /// <param name="program">A name on PATH, or a path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Ends the program and its group at once.</param>
    public Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(new ProcessRequest { Program = program, Arguments = arguments }, cancellationToken);

    /// <summary>Starts a program that goes on by itself, for example a server. Dispose it, or leave it to the end of the owner.</summary>
    /// <param name="request">The program; <see cref="ProcessRequest.Timeout"/> may be <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <exception cref="ProgramMissingException">There is no such program.</exception>
    public ChildProcess Start(ProcessRequest request)
    {
        System.IO.Directory.CreateDirectory(TemporaryDirectory);
        var directory = request.Directory ?? System.IO.Directory.CreateDirectory(Directory).FullName;
        var child = ChildProcess.Start(request with { Directory = directory }, EnvironmentOf(request), LinesOf(request), Finished, _time);
        lock (_gate)
        {
            (_children ??= []).Add(child);
        }

        _ = child.Completion.ContinueWith(_ => Forget(child), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return child;
    }

    /// <summary>Ends everything that was started and is still there, also what left its group. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        ChildProcess[] left;
        lock (_gate)
        {
            if (_children is null)
            {
                return;
            }

            left = [.. _children];
        }

        await Task.WhenAll(left.Select(child => child.StopAsync(TimeSpan.Zero, CancellationToken.None)));
        ProcessGroup.KillOwned(Owner);
    }

    private void Forget(ChildProcess child)
    {
        lock (_gate)
        {
            _children?.Remove(child);
        }
    }

    private Action<string>? LinesOf(ProcessRequest request) => request.LogLines && Log is not null ? request.OnLine + Log : request.OnLine;

    private Dictionary<string, string> EnvironmentOf(ProcessRequest request)
    {
        var variables = new Dictionary<string, string>(_environment.Variables, StringComparer.Ordinal)
        {
            ["TMPDIR"] = TemporaryDirectory,
            [ProcessGroup.OwnerVariable] = Owner,
        };
        foreach (var (name, value) in request.Environment)
        {
            if (value is null)
            {
                variables.Remove(name);
            }
            else
            {
                variables[name] = value;
            }
        }

        return variables;
    }
}
