using System.Net;
using Stack.Contracts;

namespace Stack.Messaging.Http;

/// <summary>A call to the task feed failed. The message says what to do.</summary>
public sealed class TaskFeedException : Exception
{
    /// <summary>Makes the exception of a failed call.</summary>
    /// <param name="message">What happened and what to do.</param>
    /// <param name="isTransient">Whether the same call may succeed later.</param>
    /// <param name="innerException">What caused it.</param>
    public TaskFeedException(string message, bool isTransient, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient { get; }

    /// <summary>The HTTP status. Null: there was no answer.</summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>What the orchestrator said. Null: nothing, or not as problem details.</summary>
    public ProblemResource? Problem { get; private init; }

    /// <summary>How long to wait before trying again. Null: not said.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>No answer came.</summary>
    /// <param name="address">The orchestrator's address.</param>
    /// <param name="cause">What the network said.</param>
    public static TaskFeedException Unreachable(Uri address, Exception cause) => new(
        $"The orchestrator at {address} does not answer: {Innermost(cause).Message}. Start it with 'dotnet run --project AppHost', or point Stack:OrchestratorUrl to where it runs.",
        isTransient: true,
        cause);

    /// <summary>No answer came in time.</summary>
    /// <param name="address">The orchestrator's address.</param>
    /// <param name="limit">The time.</param>
    public static TaskFeedException TooSlow(Uri address, TimeSpan limit) => new(
        $"The orchestrator at {address} did not answer within {limit.TotalSeconds:0.#} s. It is overloaded or hangs; see its log.", isTransient: true);

    /// <summary>The answer was not what it should be.</summary>
    /// <param name="address">The orchestrator's address.</param>
    /// <param name="call">What was asked.</param>
    /// <param name="cause">Where its JSON is wrong.</param>
    public static TaskFeedException Unreadable(Uri address, string call, Exception cause) => new(
        $"{call} at {address} was answered with something unreadable: {cause.Message} Are the agent and the orchestrator of the same version?", isTransient: false, cause);

    /// <summary>The answer was an error.</summary>
    /// <param name="address">The orchestrator's address.</param>
    /// <param name="call">What was asked, for example <c>POST /api/v1/tasks/claim</c>.</param>
    /// <param name="status">The status.</param>
    /// <param name="problem">What the orchestrator said. Null: nothing readable.</param>
    /// <param name="retryAfter">How long to wait. Null: not said.</param>
    public static TaskFeedException Refused(Uri address, string call, HttpStatusCode status, ProblemResource? problem, TimeSpan? retryAfter)
    {
        var remedy = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => " Give the agent the orchestrator's Stack:AgentToken.",
            HttpStatusCode.NotFound when problem is null => $" Nothing answers this path at {address}: is it the orchestrator, and of this version?",
            _ => "",
        };
        var message = $"{call} at {address} was answered {(int)status}: {problem?.Detail ?? problem?.Title ?? status.ToString()}.".Replace("..", ".", StringComparison.Ordinal);
        return new TaskFeedException(message + remedy, isTransient: status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500)
        {
            Status = status,
            Problem = problem,
            RetryAfter = retryAfter,
        };
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}
