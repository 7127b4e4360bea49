using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>How bad an error is.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ErrorSeverity>))]
public enum ErrorSeverity
{
    /// <summary>For the record.</summary>
    Info,

    /// <summary>Worth a look; the work went on.</summary>
    Warning,

    /// <summary>The attempt failed.</summary>
    Error,

    /// <summary>The attempt failed and trying again cannot help.</summary>
    Fatal,
}

/// <summary>What kind of thing went wrong.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ErrorCategory>))]
public enum ErrorCategory
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>The input, or what was produced, is not acceptable.</summary>
    Validation,

    /// <summary>The work itself failed.</summary>
    Execution,

    /// <summary>A deadline passed.</summary>
    Timeout,

    /// <summary>Memory, disk, ports or another local resource ran out.</summary>
    Resource,

    /// <summary>Something that the work relies on did not answer.</summary>
    Dependency,

    /// <summary>A setting is missing or wrong.</summary>
    Configuration,

    /// <summary>The network failed.</summary>
    Network,

    /// <summary>Two changes to the same files cannot be merged.</summary>
    Conflict,

    /// <summary>A limit was hit: iterations, money, tokens, time. Ends the stage as <see cref="StageStatus.Exhausted"/>.</summary>
    Limit,

    /// <summary>The attempt ended its agent again and again, or cannot be read. It is not tried again.</summary>
    Poison,
}

/// <summary>Why an attempt did not succeed, which decides what it costs.</summary>
[JsonConverter(typeof(SnakeCaseEnum<FailureClass>))]
public enum FailureClass
{
    /// <summary>It changed something, but did not get there. Uses up an attempt.</summary>
    Productive,

    /// <summary>It changed nothing. Uses up an attempt.</summary>
    Unproductive,

    /// <summary>Not its fault: network, process, machine. Uses up no attempt.</summary>
    Infrastructure,

    /// <summary>Someone asked us to slow down. Uses up no attempt; <see cref="StructuredError.RetryAfterMs"/> is honoured.</summary>
    Throttled,

    /// <summary>A person said no. It is not tried again.</summary>
    Rejected,
}

/// <summary>An error that a program can act on and a person can understand.</summary>
public sealed record StructuredError
{
    /// <summary>A stable code in snake_case, for example <c>tests_failed</c>.</summary>
    public required string Code { get; init; }

    /// <summary>One sentence for a person: what happened, with the values that matter.</summary>
    public required string Message { get; init; }

    /// <summary>How bad it is.</summary>
    /// <value>The default is <see cref="ErrorSeverity.Error"/>.</value>
    public ErrorSeverity Severity { get; init; } = ErrorSeverity.Error;

    /// <summary>What kind of thing went wrong.</summary>
    public ErrorCategory Category { get; init; }

    /// <summary>What it costs.</summary>
    /// <value>The default is <see cref="FailureClass.Productive"/>.</value>
    public FailureClass Class { get; init; } = FailureClass.Productive;

    /// <summary>Whether the same attempt may succeed when tried again.</summary>
    public bool Retryable { get; init; }

    /// <summary>Milliseconds to wait before trying again. Null: the stage's retry policy decides.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>What a person can do about it.</summary>
    public string? SuggestedAction { get; init; }

    /// <summary>More for a person: the tail of an output, a stack trace. Not shown by default.</summary>
    public string? Details { get; init; }
}
