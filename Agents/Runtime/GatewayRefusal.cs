using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Turns what the gateway says instead of an answer into an error that says whose fault it is and what it costs.</summary>
internal static class GatewayRefusal
{
    private const string ConfigureModel = "Look at GET /api/v1/models; models, prices and keys are configured in the gateway's file.";

    /// <summary>An answer with a status of an error.</summary>
    public static AgentFailure Of(Uri? gateway, HttpStatusCode status, byte[] body, RetryConditionHeaderValue? retryAfter)
    {
        var said = Read(body);
        var error = ErrorOf(said?.Code, status, $"The gateway at {gateway} refused the model call ({(int)status}): {said?.Message ?? status.ToString()}");
        return new AgentFailure(error with { RetryAfterMs = (long?)retryAfter?.Delta?.TotalMilliseconds });
    }

    /// <summary>An error in the middle of a stream.</summary>
    public static AgentFailure Of(Uri? gateway, ChatWire.CompletionError said) =>
        new(ErrorOf(said.Code, HttpStatusCode.BadGateway, $"The gateway at {gateway} broke off its answer: {said.Message}"));

    /// <summary>No answer, or the connection broke.</summary>
    public static AgentFailure Unavailable(Uri? gateway, Exception exception) =>
        new(Error("gateway_unavailable", $"The gateway at {gateway} does not answer: {exception.Message}", ErrorCategory.Network, FailureClass.Infrastructure), exception);

    /// <summary>An answer that is none.</summary>
    public static AgentFailure Unreadable(Uri? gateway, JsonException exception) => new(
        Error("gateway_answer_unreadable", $"The gateway at {gateway} answered with something that is no chat completion: {exception.Message}", ErrorCategory.Dependency, FailureClass.Infrastructure), exception);

    private static StructuredError ErrorOf(string? code, HttpStatusCode status, string message) => (code, status) switch
    {
        ("budget_exhausted", _) or (_, HttpStatusCode.PaymentRequired) => Error("budget_exhausted", message, ErrorCategory.Limit, FailureClass.Unproductive) with
        {
            Retryable = false,
            SuggestedAction = "Raise the budget (PUT /api/v1/budgets/KEY, or the gateway's file) and retry: what was made so far is kept.",
        },
        ("provider_unauthorized", _) => Final(code, message, ErrorCategory.Configuration, ConfigureModel),
        ("price_unknown", _) => Final(code, message, ErrorCategory.Configuration, ConfigureModel),
        ("context_length_exceeded" or "context_truncated", _) => Final(code, message, ErrorCategory.Validation, "Use a model with a larger context, or ask for less at once."),
        (_, HttpStatusCode.TooManyRequests) => Error(code ?? "model_throttled", message, ErrorCategory.Dependency, FailureClass.Throttled),
        (_, >= HttpStatusCode.InternalServerError) => Error(code ?? "gateway_failed", message, ErrorCategory.Dependency, FailureClass.Infrastructure),
        _ => Final(code ?? "model_call_refused", message, ErrorCategory.Validation, null),
    };

    private static ChatWire.CompletionError? Read(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<ChatWire.ErrorAnswer>(body, StackJson.Options)?.Error;
        }
        catch (JsonException)
        {
            // Something between us and the gateway answered; the status has to do.
            return null;
        }
    }

    private static StructuredError Final(string code, string message, ErrorCategory category, string? remedy) =>
        Error(code, message, category, FailureClass.Unproductive) with { Retryable = false, SuggestedAction = remedy };

    private static StructuredError Error(string code, string message, ErrorCategory category, FailureClass failureClass) =>
        new() { Code = code, Message = message, Category = category, Class = failureClass, Retryable = true };
}
