using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Stack.Checks.Processes;

/// <summary>
/// A program under way, as the leader of a process group of its own. It ends with this object, with its owner, and with this whole process however that ends:
/// a guard in the group holds the read end of a pipe whose write end only we have, and ends the group when the pipe closes.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // Standard input is the pipe. The guard is forked twice, so that the program never sees a child that it did not start.
    private const string Guard = """
        exec 3<&0 </dev/null
        ( ( trap '' TERM HUP INT; read -r x <&3; kill -KILL 0 ) >/dev/null 2>&1 & )
        exec "$@" 3<&-
        """;

    private static readonly string? SetSid = ProgramPath.Find("setsid", "/", "/usr/bin:/bin:/usr/local/bin");
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly ProcessRequest _request;
    private readonly OutputBuffer _output;
    private readonly OutputBuffer _error;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly bool _grouped = SetSid is not null;
    private bool _timedOut;

    private ChildProcess(Process process, ProcessRequest request, Action<string>? onLine, Action<ProcessResult>? onEnd, TimeProvider time)
    {
        _process = process;
        _request = request;
        _output = new OutputBuffer(request.OutputLimit);
        _error = new OutputBuffer(request.OutputLimit);
        _time = time;
        Pid = process.Id;
        Completion = CompleteAsync(onLine, onEnd);
    }

    /// <summary>Its process id, which is its group's id too.</summary>
    public int Pid { get; }

    /// <summary>Whether it ended.</summary>
    public bool HasExited => Completion.IsCompleted;

    /// <summary>What it wrote so far.</summary>
    public string Output => _output.ToString();

    /// <summary>Completes when it and its group ended. Never faults because of the program.</summary>
    public Task<ProcessResult> Completion { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="request">The program, with <see cref="ProcessRequest.Directory"/> set.</param>
    /// <param name="environment">Its whole environment.</param>
    /// <param name="onLine">Receives each line. Null: nobody.</param>
    /// <param name="onEnd">Receives the result before <see cref="Completion"/> completes. Null: nobody.</param>
    /// <param name="time">The clock.</param>
    internal static ChildProcess Start(
        ProcessRequest request,
        IReadOnlyDictionary<string, string> environment,
        Action<string>? onLine,
        Action<ProcessResult>? onEnd,
        TimeProvider time)
    {
        var directory = request.Directory ?? throw new ArgumentException("The directory is not set.", nameof(request));
        var program = ProgramPath.Require(request.Program, directory, environment.GetValueOrDefault("PATH", ""));
        var start = new ProcessStartInfo
        {
            FileName = SetSid ?? program,
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (SetSid is not null)
        {
            Add(start.ArgumentList, ["/bin/sh", "-c", request.SeparateError ? Guard : Guard + " 2>&1", "sh", program]);
        }

        Add(start.ArgumentList, request.Arguments);
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"The program '{request.Program}' did not start.");
        return new ChildProcess(process, request, onLine, onEnd, time);
    }

    /// <summary>Waits until something accepts connections on a port of the loopback interface.</summary>
    /// <param name="port">The port.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether something does. False: the program ended, or the time is over.</returns>
    public Task<bool> WaitForPortAsync(int port, TimeSpan timeout, CancellationToken cancellationToken) =>
        PollAsync(
            async token =>
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, token);
                return true;
            },
            timeout,
            cancellationToken);

    /// <summary>Waits until a GET is answered with success.</summary>
    /// <param name="client">Sends the requests.</param>
    /// <param name="address">What to get.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was. False: the program ended, or the time is over.</returns>
    public Task<bool> WaitForHttpAsync(HttpClient client, Uri address, TimeSpan timeout, CancellationToken cancellationToken) =>
        PollAsync(
            async token =>
            {
                using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, token);
                return response.IsSuccessStatusCode;
            },
            timeout,
            cancellationToken);

    /// <summary>Asks the group to end (SIGTERM) and ends it (SIGKILL) when it does not in time. Idempotent.</summary>
    /// <param name="grace">How long it may take. Zero: end it at once.</param>
    /// <param name="cancellationToken">Cuts the grace short.</param>
    public async Task<ProcessResult> StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!HasExited && grace > TimeSpan.Zero && _grouped)
        {
            ProcessGroup.Signal(Pid, ProcessGroup.Terminate);
            await Task.WhenAny(Completion, Task.Delay(grace, _time, cancellationToken));
        }

        Kill();
        return await Completion;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero, CancellationToken.None);
        _process.Dispose();
        _ended.Dispose();
    }

    private static void Add(System.Collections.ObjectModel.Collection<string> arguments, IEnumerable<string> more)
    {
        foreach (var argument in more)
        {
            arguments.Add(argument);
        }
    }

    /// <summary>Ends the group at once, without waiting for it. Idempotent.</summary>
    internal void Kill()
    {
        if (Completion is { IsCompleted: true })
        {
            return;
        }

        if (_grouped)
        {
            // The guard keeps the group, and so its id, alive until this moment.
            ProcessGroup.Signal(Pid, ProcessGroup.Kill);
        }
        else if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    private async Task<ProcessResult> CompleteAsync(Action<string>? onLine, Action<ProcessResult>? onEnd)
    {
        var started = _time.GetTimestamp();
        var pumps = Task.WhenAll(
            PumpAsync(_process.StandardOutput.BaseStream, _output, onLine),
            PumpAsync(_process.StandardError.BaseStream, _request.SeparateError ? _error : _output, onLine));
        var meter = MeterAsync();
        await WaitAsync();
        Kill();
        await _ended.CancelAsync();
        var (cpu, memory) = await meter;

        // A grandchild that left the group may hold the pipes open; what it writes is not waited for.
        await Task.WhenAny(pumps, Task.Delay(PipeGrace, _time, CancellationToken.None));
        _process.StandardInput.Close();
        var result = new ProcessResult
        {
            ExitCode = _process.ExitCode,
            Output = _output.ToString(),
            Error = _error.ToString(),
            TimedOut = _timedOut,
            Truncated = _output.Truncated || _error.Truncated,
            Duration = _time.GetElapsedTime(started),
            CpuTime = cpu,
            PeakMemoryBytes = memory,
        };
        onEnd?.Invoke(result);
        return result;
    }

    private async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(_request.Timeout, _time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            _timedOut = !_process.HasExited;
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task<(TimeSpan Cpu, long Memory)> MeterAsync()
    {
        var cpu = TimeSpan.Zero;
        var memory = 0L;
        var interval = TimeSpan.FromMilliseconds(50);
        while (_grouped && !_ended.IsCancellationRequested)
        {
            await Task.Delay(interval, _time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = ProcessGroup.Measure(Pid);
            cpu = now.Cpu > cpu ? now.Cpu : cpu;
            memory = Math.Max(memory, now.MemoryBytes);
            interval = TimeSpan.FromMilliseconds(Math.Min(1_000, interval.TotalMilliseconds * 2));
        }

        return (cpu, memory);
    }

    private static async Task PumpAsync(Stream stream, OutputBuffer buffer, Action<string>? onLine)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 8_192);
        var lines = onLine is null ? null : new LineSplitter(onLine);
        var chunk = new char[8_192];
        try
        {
            while (await reader.ReadAsync(chunk.AsMemory()) is var read and > 0)
            {
                buffer.Append(chunk.AsSpan(0, read));
                lines?.Add(chunk.AsSpan(0, read));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The pipe was closed under us: the process is gone.
        }

        lines?.Finish();
    }

    private async Task<bool> PollAsync(Func<CancellationToken, Task<bool>> probe, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        limit.CancelAfter(timeout);
        while (!limit.IsCancellationRequested)
        {
            try
            {
                if (await probe(limit.Token))
                {
                    return true;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), _time, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }
}
