using System.Net;
using System.Text.Json;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>Turns what an attempt threw into an error that says whose fault it was and what it costs.</summary>
internal static class FailureClassifier
{
    private const int DiskFull = 28;

    /// <summary>Whether the exception was not foreseen by whoever wrote the agent, and counts against its health.</summary>
    /// <param name="exception">What was thrown.</param>
    public static bool IsUnexpected(Exception exception) => exception is not (AgentFailure or ProgramMissingException or TaskFeedException or OperationCanceledException);

    /// <summary>Classifies an exception.</summary>
    /// <param name="exception">What was thrown.</param>
    public static StructuredError Classify(Exception exception) => exception switch
    {
        AgentFailure failure => failure.Error,
        ProgramMissingException missing => missing.Error,
        TaskFeedException feed => OfFeed(feed),
        IOException io when (io.HResult & 0xFFFF) == DiskFull => Error("disk_full", io, ErrorCategory.Resource, FailureClass.Infrastructure) with
        {
            SuggestedAction = $"Free disk space on the machine '{Environment.MachineName}'.",
        },
        OutOfMemoryException memory => Error("out_of_memory", memory, ErrorCategory.Resource, FailureClass.Infrastructure),
        UnauthorizedAccessException access => Error("access_denied", access, ErrorCategory.Configuration, FailureClass.Unproductive),
        TimeoutException late => Error("timeout", late, ErrorCategory.Timeout, FailureClass.Unproductive),
        HttpRequestException network => Error("network_failed", network, ErrorCategory.Network, FailureClass.Unproductive),
        JsonException json => Error("answer_unreadable", json, ErrorCategory.Execution, FailureClass.Unproductive),
        _ => Error("agent_error", exception, ErrorCategory.Execution, FailureClass.Unproductive) with
        {
            SuggestedAction = "This is a defect of the agent, or something that it does not expect. See the details.",
        },
    };

    /// <summary>The error of an attempt whose deadline passed.</summary>
    /// <param name="task">The attempt.</param>
    /// <param name="ran">How long it ran.</param>
    public static StructuredError DeadlinePassed(TaskEnvelope task, TimeSpan ran) => new()
    {
        Code = "deadline_passed",
        Message = $"The stage '{task.TaskId.Stage}' did not end before its deadline {task.Deadline.UtcDateTime:u}; it ran for {ran.TotalSeconds:0.#} s.",
        Category = ErrorCategory.Timeout,
        Class = FailureClass.Unproductive,
        Retryable = true,
        SuggestedAction = $"Give the stage a longer timeout in the definition '{task.WorkflowContext.Definition}'.",
    };

    private static StructuredError OfFeed(TaskFeedException feed) =>
        Error(feed.Status == HttpStatusCode.TooManyRequests ? "throttled" : "orchestrator_unavailable", feed, ErrorCategory.Dependency, FailureClass.Infrastructure) with
        {
            Class = feed.Status == HttpStatusCode.TooManyRequests ? FailureClass.Throttled : FailureClass.Infrastructure,
            RetryAfterMs = (long?)feed.RetryAfter?.TotalMilliseconds,
        };

    private static StructuredError Error(string code, Exception exception, ErrorCategory category, FailureClass failureClass) => new()
    {
        Code = code,
        Message = $"{exception.GetType().Name}: {exception.Message}",
        Category = category,
        Class = failureClass,
        Retryable = true,
        Details = exception.ToString(),
    };
}
