namespace Stack.Checks.Processes;

/// <summary>A program to run.</summary>
internal sealed record ProcessRequest
{
    /// <summary>A name that is looked up on PATH, or a path (relative to <see cref="Directory"/> when it has a slash).</summary>
    public required string Program { get; init; }

    /// <summary>The arguments; passed as they are, never through a shell.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Where it runs. Null: the tool's own folder, which is the workspace.</summary>
    public string? Directory { get; init; }

    /// <summary>Added to the scrubbed environment; a null value removes a variable. Never put a secret here for a program that runs code of the workspace.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>How long it may run before it is ended. For a started child: how long it may live at most.</summary>
    /// <value>The default is 10 minutes.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many characters of output are kept: the first half and the last half.</summary>
    /// <value>The default is 256 Ki.</value>
    public int OutputLimit { get; init; } = 256 * 1024;

    /// <summary>Whether standard error is kept apart, in <see cref="ProcessResult.Error"/>. False: both streams are one, in their order.</summary>
    /// <value>The default is false.</value>
    public bool SeparateError { get; init; }

    /// <summary>Whether each line goes to the attempt's log.</summary>
    /// <value>The default is false.</value>
    public bool LogLines { get; init; }

    /// <summary>Called with each line as it comes, from one thread at a time. Null: nobody.</summary>
    public Action<string>? OnLine { get; init; }
}
