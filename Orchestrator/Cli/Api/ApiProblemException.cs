using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The orchestrator refused.</summary>
internal sealed class ApiProblemException(ProblemResource problem, TimeSpan? retryAfter = null) : Exception(problem.Detail ?? problem.Title)
{
    public ProblemResource Problem => problem;

    /// <summary>When to ask again, by the header <c>Retry-After</c>. Null: it was not said.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Whether the same request may succeed in a moment.</summary>
    public bool IsTransient => problem.Status is 429 or 502 or 503 or 504;
}
