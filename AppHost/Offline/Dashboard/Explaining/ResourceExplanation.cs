namespace Aspire.Hosting.Offline;

/// <summary>How bad it is that a resource is not healthy.</summary>
internal enum ExplanationSeverity
{
    /// <summary>It is as somebody wanted it, or on its way.</summary>
    Notice,

    /// <summary>Worth a look: it does not do its work at the moment.</summary>
    Warning,

    /// <summary>It failed.</summary>
    Error,
}

/// <summary>Why a resource is not healthy, and what to do about it: made for people who see it for the first time.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Headline">The state and its cause in one sentence.</param>
/// <param name="Since">When it got into this state; null when that is not known.</param>
/// <param name="Details">More about the cause, one sentence each.</param>
/// <param name="WaitingFor">What it waits for.</param>
/// <param name="LastError">The last error it or the host told of; null when there was none.</param>
/// <param name="NextTryAt">When the host starts it again by itself; null when it does not.</param>
/// <param name="Remedies">What to do, the likeliest first.</param>
internal sealed record ResourceExplanation(
    ExplanationSeverity Severity,
    string Headline,
    DateTimeOffset? Since,
    IReadOnlyList<string> Details,
    IReadOnlyList<ExplainedWait> WaitingFor,
    ExplainedError? LastError,
    DateTimeOffset? NextTryAt,
    IReadOnlyList<string> Remedies);

/// <summary>Something a resource waits for.</summary>
/// <param name="Name">The other resource.</param>
/// <param name="Condition">What is awaited: to be healthy, to run, to complete.</param>
/// <param name="State">Its state now, in words.</param>
/// <param name="Since">Since when it is in this state; null when that is not known.</param>
/// <param name="Reason">Why it is not there yet; null when it is only starting.</param>
internal sealed record ExplainedWait(string Name, string Condition, string State, DateTimeOffset? Since, string? Reason);

/// <summary>The last error of a resource.</summary>
/// <param name="Source">Where it was found: its log, a health check.</param>
/// <param name="Text">What it says; several lines when they belong together.</param>
/// <param name="At">When; null when that is not known.</param>
internal sealed record ExplainedError(string Source, string Text, DateTimeOffset? At);
