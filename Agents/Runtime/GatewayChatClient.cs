using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// The language model behind the gateway's <c>/v1/chat/completions</c>, in OpenAI's shape: text in, text out. Each call names its workflow, stage and attempt in the headers
/// <c>Stack-Workflow</c>, <c>Stack-Stage</c> and <c>Stack-Attempt</c>. Without a model in the options the gateway's <c>builtin</c> answers.
/// Texts among <see cref="ChatOptions.AdditionalProperties"/> go along as <c>metadata</c>.
/// </summary>
/// <param name="http">Sends requests; its address is the gateway's.</param>
/// <param name="taskId">The attempt that asks.</param>
/// <param name="used">Receives what each call used.</param>
internal sealed class GatewayChatClient(HttpClient http, TaskId taskId, Action<Usage> used) : IChatClient
{
    /// <summary>The model that answers when none is named.</summary>
    public const string DefaultModel = "builtin";

    /// <inheritdoc />
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(RequestOf(messages, options), options: StackJson.Options) };
        request.Headers.Add("Stack-Workflow", taskId.WorkflowId.ToString());
        request.Headers.Add("Stack-Stage", taskId.Stage);
        request.Headers.Add("Stack-Attempt", taskId.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.IsSuccessStatusCode ? ResponseOf(body) : throw Refused(response.StatusCode, body, response.Headers.RetryAfter);
        }
        catch (HttpRequestException exception)
        {
            throw new AgentFailure(
                Error("gateway_unavailable", $"The gateway at {http.BaseAddress} does not answer: {exception.Message}", ErrorCategory.Network, FailureClass.Infrastructure), exception);
        }
        catch (JsonException exception)
        {
            throw new AgentFailure(
                Error("gateway_answer_unreadable", $"The gateway at {http.BaseAddress} answered with something that is no chat completion: {exception.Message}", ErrorCategory.Dependency, FailureClass.Infrastructure),
                exception);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc />
    public void Dispose()
    {
        // The connection is shared.
    }

    private static CompletionRequest RequestOf(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var turns = messages.Select(message => new CompletionTurn(message.Role.Value, message.Text));
        var metadata = options?.AdditionalProperties?.Where(pair => pair.Value is string).ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
        return new CompletionRequest
        {
            Model = options?.ModelId ?? DefaultModel,
            Messages = options?.Instructions is { Length: > 0 } instructions ? [new CompletionTurn("system", instructions), .. turns] : [.. turns],
            Temperature = options?.Temperature,
            TopP = options?.TopP,
            MaxTokens = options?.MaxOutputTokens,
            Seed = options?.Seed,
            Stop = options?.StopSequences,
            Metadata = metadata is { Count: > 0 } ? metadata : null,
        };
    }

    private ChatResponse ResponseOf(byte[] body)
    {
        var completion = JsonSerializer.Deserialize<Completion>(body, StackJson.Options) ?? throw new JsonException("The answer is null.");
        var choice = completion.Choices is [var first, ..] ? first : throw new JsonException("The answer has no choices.");
        var usage = completion.Usage ?? new CompletionUsage(0, 0);
        used(new Usage { ApiCalls = 1, PromptTokens = usage.PromptTokens, CompletionTokens = usage.CompletionTokens });
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, choice.Message?.Content ?? ""))
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            FinishReason = choice.FinishReason is { } reason ? new ChatFinishReason(reason) : null,
            Usage = new UsageDetails
            {
                InputTokenCount = usage.PromptTokens,
                OutputTokenCount = usage.CompletionTokens,
                TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
            },
        };
    }

    private AgentFailure Refused(HttpStatusCode status, byte[] body, RetryConditionHeaderValue? retryAfter)
    {
        var error = ReadError(body);
        var message = $"The gateway at {http.BaseAddress} refused the model call ({(int)status}): {error?.Message ?? status.ToString()}";
        return new AgentFailure(status switch
        {
            HttpStatusCode.TooManyRequests when error?.Code is "budget_exhausted" => Error("budget_exhausted", message, ErrorCategory.Limit, FailureClass.Unproductive) with { Retryable = false },
            HttpStatusCode.TooManyRequests => Error("model_throttled", message, ErrorCategory.Dependency, FailureClass.Throttled) with { RetryAfterMs = (long?)retryAfter?.Delta?.TotalMilliseconds },
            HttpStatusCode.PaymentRequired => Error("budget_exhausted", message, ErrorCategory.Limit, FailureClass.Unproductive) with { Retryable = false },
            >= HttpStatusCode.InternalServerError => Error("gateway_failed", message, ErrorCategory.Dependency, FailureClass.Infrastructure),
            _ => Error(error?.Code ?? "model_call_refused", message, ErrorCategory.Validation, FailureClass.Unproductive) with { Retryable = false },
        });
    }

    private static CompletionError? ReadError(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<CompletionErrorAnswer>(body, StackJson.Options)?.Error;
        }
        catch (JsonException)
        {
            // Something between us and the gateway answered; the status has to do.
            return null;
        }
    }

    private static StructuredError Error(string code, string message, ErrorCategory category, FailureClass failureClass) =>
        new() { Code = code, Message = message, Category = category, Class = failureClass, Retryable = true };

    private sealed record CompletionRequest
    {
        public required string Model { get; init; }

        public required IReadOnlyList<CompletionTurn> Messages { get; init; }

        public float? Temperature { get; init; }

        public float? TopP { get; init; }

        public int? MaxTokens { get; init; }

        public long? Seed { get; init; }

        public IList<string>? Stop { get; init; }

        public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    }

    private sealed record CompletionTurn(string Role, string? Content);

    private sealed record Completion(string? Id, string? Model, IReadOnlyList<CompletionChoice>? Choices, CompletionUsage? Usage);

    private sealed record CompletionChoice(CompletionTurn? Message, string? FinishReason);

    private sealed record CompletionUsage(long PromptTokens, long CompletionTokens);

    private sealed record CompletionErrorAnswer(CompletionError? Error);

    private sealed record CompletionError(string? Message, string? Code);
}
