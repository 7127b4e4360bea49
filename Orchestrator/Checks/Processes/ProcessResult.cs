namespace Stack.Checks.Processes;

/// <summary>How a program ended.</summary>
internal sealed record ProcessResult
{
    /// <summary>Its exit code; 128 + n when signal n ended it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>What it wrote: both streams in their order, or standard output alone when <see cref="ProcessRequest.SeparateError"/> was asked for.</summary>
    public required string Output { get; init; }

    /// <summary>What it wrote to standard error, when that was kept apart; otherwise empty.</summary>
    public string Error { get; init; } = "";

    /// <summary>Whether it was ended because it ran too long.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether the middle of the output is missing; a line in its place says how much.</summary>
    public bool Truncated { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Processor time of it and its children, sampled while they ran: an estimate from below. Zero where it cannot be measured.</summary>
    public TimeSpan CpuTime { get; init; }

    /// <summary>The highest sum of resident memory of it and its children in bytes, sampled. Zero: not measured.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Whether it ended by itself with code 0.</summary>
    public bool Succeeded => ExitCode == 0 && !TimedOut;

    /// <summary>The last lines of the output, for error messages.</summary>
    /// <param name="lines">How many.</param>
    public string Tail(int lines = 20)
    {
        var text = (Error.Length > 0 ? Error : Output).TrimEnd();
        var start = text.Length;
        while (lines-- > 0 && start > 0)
        {
            start = text.LastIndexOf('\n', start - 1) is var newline and > 0 ? newline : 0;
        }

        return text[start..].TrimStart('\n');
    }
}
