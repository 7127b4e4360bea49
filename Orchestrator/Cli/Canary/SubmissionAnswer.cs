using Stack.Contracts;

namespace Stack.Cli;

/// <summary>What became of one try to submit a workflow. A closed union.</summary>
internal abstract record SubmissionAnswer
{
    private SubmissionAnswer()
    {
    }

    /// <summary>It is accepted, and must not be lost from here on.</summary>
    public sealed record Accepted(WorkflowId Id) : SubmissionAnswer
    {
        public override string ToString() => "accepted";
    }

    /// <summary>Not now.</summary>
    /// <param name="Status">The HTTP status: 429 or 503.</param>
    /// <param name="RetryAfter">When to come back. Null: the answer did not say, as it must.</param>
    public sealed record Refused(int Status, TimeSpan? RetryAfter) : SubmissionAnswer
    {
        public override string ToString() => $"refused with {Status}{(RetryAfter is null ? " and no Retry-After" : $" and Retry-After {RetryAfter.Value.TotalSeconds:0}")}";
    }

    /// <summary>There was no answer, so that it may have been accepted: the same key asks again.</summary>
    public sealed record Unanswered(string Reason) : SubmissionAnswer
    {
        public override string ToString() => $"not answered ({Reason})";
    }
}
