using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// The language model behind the gateway's <c>/v1/chat/completions</c>, in OpenAI's shape: text, tools, forms of the answer, whole or streamed. Each call names its workflow, stage, attempt and agent type
/// in the headers <c>Stack-Workflow</c>, <c>Stack-Stage</c>, <c>Stack-Attempt</c> and <c>Stack-Agent</c>. Without a model in the options the gateway's <c>builtin</c> answers.
/// Texts among <see cref="ChatOptions.AdditionalProperties"/> go along as <c>metadata</c>, but for <see cref="StepProperty"/>. A call whose arguments are no JSON object arrives with
/// <see cref="FunctionCallContent.Exception"/> set and the model's own text as its raw representation.
/// </summary>
/// <param name="http">Sends requests; its address is the gateway's.</param>
/// <param name="taskId">The attempt that asks.</param>
/// <param name="agentType">The agent type that asks; budgets of agents count by it.</param>
/// <param name="used">Receives what each call used.</param>
internal sealed class GatewayChatClient(HttpClient http, TaskId taskId, string agentType, Action<Usage> used) : IChatClient
{
    /// <summary>The model that answers when none is named.</summary>
    public const string DefaultModel = "builtin";

    /// <summary>The property of options that names the durable step that the call belongs to, for example <c>iteration-3/2</c>; it goes into the header <c>Stack-Step</c>.</summary>
    public const string StepProperty = "stack_step";

    /// <summary>The properties of responses that say who answered and why: the headers <c>Stack-Provider</c> and <c>Stack-Decision</c>.</summary>
    public const string ProviderProperty = "stack_provider", DecisionProperty = "stack_decision";

    /// <inheritdoc />
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(ChatWire.RequestOf(messages, options, stream: false), options, cancellationToken);
        try
        {
            return ResponseOf(await response.Content.ReadAsByteArrayAsync(cancellationToken), response.Headers);
        }
        catch (HttpRequestException exception)
        {
            throw GatewayRefusal.Unavailable(http.BaseAddress, exception);
        }
        catch (JsonException exception)
        {
            throw GatewayRefusal.Unreadable(http.BaseAddress, exception);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(ChatWire.RequestOf(messages, options, stream: true), options, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream);
        var calls = new SortedDictionary<int, (string? Id, string? Name, string Arguments)>();
        while (await NextAsync(reader, cancellationToken) is { } part)
        {
            foreach (var update in UpdatesOf(part, response.Headers, calls))
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc />
    public void Dispose()
    {
        // The connection is shared.
    }

    private async Task<HttpResponseMessage> SendAsync(ChatWire.Request body, ChatOptions? options, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body, options: StackJson.Options) };
        request.Headers.Add("Stack-Workflow", taskId.WorkflowId.ToString());
        request.Headers.Add("Stack-Stage", taskId.Stage);
        request.Headers.Add("Stack-Attempt", taskId.Attempt.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Stack-Agent", agentType);
        if (options?.AdditionalProperties?.TryGetValue(StepProperty, out var step) is true && step is string name)
        {
            request.Headers.Add("Stack-Step", name);
        }

        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                throw GatewayRefusal.Of(http.BaseAddress, response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken), response.Headers.RetryAfter);
            }
        }
        catch (HttpRequestException exception)
        {
            throw GatewayRefusal.Unavailable(http.BaseAddress, exception);
        }
    }

    private ChatResponse ResponseOf(byte[] body, HttpResponseHeaders headers)
    {
        var completion = JsonSerializer.Deserialize<ChatWire.Completion>(body, StackJson.Options) ?? throw new JsonException("The answer is null.");
        var choice = completion.Choices is [var first, ..] ? first : throw new JsonException("The answer has no choices.");
        var message = new ChatMessage(ChatRole.Assistant, [.. ChatWire.ContentsOf(choice.Message)]);
        return new ChatResponse(message)
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            FinishReason = choice.FinishReason is { } reason ? new ChatFinishReason(reason) : null,
            Usage = Count(completion.Usage ?? new ChatWire.CompletionUsage(), headers),
            AdditionalProperties = OriginOf(headers),
        };
    }

    // The next event. Null: the end that the gateway said.
    private async Task<ChatWire.Completion?> NextAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (!line.StartsWith("data:", StringComparison.Ordinal))
                {
                    continue;
                }

                var text = line.AsSpan(5).Trim();
                if (text is "[DONE]")
                {
                    return null;
                }

                var part = JsonSerializer.Deserialize<ChatWire.Completion>(text, StackJson.Options) ?? throw new JsonException("The event is null.");
                return part.Error is { } error ? throw GatewayRefusal.Of(http.BaseAddress, error) : part;
            }
        }
        catch (JsonException exception)
        {
            throw GatewayRefusal.Unreadable(http.BaseAddress, exception);
        }
        catch (IOException exception)
        {
            throw GatewayRefusal.Unavailable(http.BaseAddress, exception);
        }

        throw GatewayRefusal.Unavailable(http.BaseAddress, new IOException("The stream ended before the answer did."));
    }

    private List<ChatResponseUpdate> UpdatesOf(ChatWire.Completion part, HttpResponseHeaders headers, SortedDictionary<int, (string? Id, string? Name, string Arguments)> calls)
    {
        var updates = new List<ChatResponseUpdate>();
        if (part.Choices is [var choice, ..])
        {
            foreach (var piece in choice.Delta?.ToolCalls ?? [])
            {
                var index = piece.Index ?? calls.Count;
                var known = calls.GetValueOrDefault(index);
                calls[index] = (piece.Id ?? known.Id, piece.Function?.Name ?? known.Name, known.Arguments + piece.Function?.Arguments);
            }

            var contents = new List<AIContent>();
            if (choice.Delta?.Content is { Length: > 0 } text)
            {
                contents.Add(new TextContent(text));
            }

            if (choice.FinishReason is not null)
            {
                contents.AddRange(calls.Select(call => ChatWire.CallOf(call.Value.Id ?? $"call_{call.Key}", call.Value.Name ?? "", call.Value.Arguments)));
                calls.Clear();
            }

            updates.Add(UpdateOf(contents, choice.FinishReason));
        }

        if (part.Usage is { } usage)
        {
            updates.Add(UpdateOf([new UsageContent(Count(usage, headers))], null));
        }

        return updates;

        ChatResponseUpdate UpdateOf(IList<AIContent> contents, string? reason) => new(ChatRole.Assistant, contents)
        {
            ResponseId = part.Id,
            ModelId = part.Model,
            FinishReason = reason is null ? null : new ChatFinishReason(reason),
            AdditionalProperties = OriginOf(headers),
        };
    }

    private UsageDetails Count(ChatWire.CompletionUsage usage, HttpResponseHeaders headers)
    {
        // What comes out of the journal was paid by the attempt that asked first.
        if (!headers.TryGetValues("Stack-Journal", out var journal) || !journal.Contains("replayed"))
        {
            used(new Usage { ApiCalls = 1, PromptTokens = usage.PromptTokens, CompletionTokens = usage.CompletionTokens, Cost = usage.Cost });
        }

        return new UsageDetails
        {
            InputTokenCount = usage.PromptTokens,
            OutputTokenCount = usage.CompletionTokens,
            TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
        };
    }

    private static AdditionalPropertiesDictionary OriginOf(HttpResponseHeaders headers)
    {
        var origin = new AdditionalPropertiesDictionary();
        foreach (var (header, property) in new[] { ("Stack-Provider", ProviderProperty), ("Stack-Decision", DecisionProperty) })
        {
            if (headers.TryGetValues(header, out var values))
            {
                origin[property] = values.First();
            }
        }

        return origin;
    }
}
