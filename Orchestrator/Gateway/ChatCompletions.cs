using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal static class ChatCompletions
{
    private const int PartLength = 2_000;

    public static async Task<IResult> AnswerAsync(HttpContext http, ChatProviders providers, TimeProvider time, CancellationToken cancellationToken)
    {
        var (request, error) = await ReadAsync(http.Request, cancellationToken);
        if (request is null)
        {
            return Refuse(StatusCodes.Status400BadRequest, error!, null, null);
        }

        if (request.Model is not { Length: > 0 } model)
        {
            return Refuse(StatusCodes.Status400BadRequest, "'model' is missing. GET /v1/models lists the models.", "model", null);
        }

        if (request.Messages is not { Count: > 0 })
        {
            return Refuse(StatusCodes.Status400BadRequest, "'messages' is missing or empty. Send at least one message with 'role' and 'content'.", "messages", null);
        }

        if (providers.Find(model) is not { } provider)
        {
            var known = string.Join(", ", providers.Models.Select(pair => pair.Model));
            return Refuse(StatusCodes.Status404NotFound, $"The model '{model}' does not exist. There are: {known}.", "model", "model_not_found");
        }

        try
        {
            var answer = await provider.AnswerAsync(request, cancellationToken);
            var completion = Completion(model, answer, time);
            return request.Stream is true
                ? new StreamedAnswer(StreamAsync(completion, answer.Content, request.StreamOptions?.IncludeUsage is true, cancellationToken))
                : TypedResults.Json(completion, StackJson.Options);
        }
        catch (ChatRefusedException exception)
        {
            return Refuse(StatusCodes.Status400BadRequest, exception.Message, exception.Parameter, null);
        }
    }

    private static async Task<(ChatRequest? Request, string? Error)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var read = await JsonSerializer.DeserializeAsync<ChatRequest>(request.Body, StackJson.Options, cancellationToken);
            return (read, read is null ? "The body is 'null'. Send a chat completion request." : null);
        }
        catch (JsonException exception)
        {
            return (null, $"The body is not a chat completion request: its JSON is wrong at '{exception.Path ?? "$"}', line {exception.LineNumber + 1}.");
        }
    }

    private static ChatCompletion Completion(string model, ChatAnswer answer, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return new ChatCompletion
        {
            Id = $"chatcmpl-{Guid.CreateVersion7(now):n}",
            Created = now.ToUnixTimeSeconds(),
            Model = model,
            Choices = [new ChatChoice { Message = new ChatMessageBody("assistant", answer.Content), FinishReason = "stop" }],
            Usage = new ChatUsage(answer.PromptTokens, answer.CompletionTokens, answer.PromptTokens + answer.CompletionTokens),
        };
    }

    private static async IAsyncEnumerable<string> StreamAsync(ChatCompletion whole, string content, bool includeUsage, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunk = whole with { Object = "chat.completion.chunk", Usage = null };
        yield return Write(new ChatChoice { Delta = new ChatMessageBody("assistant", "") });
        for (var start = 0; start < content.Length; start += PartLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Write(new ChatChoice { Delta = new ChatMessageBody(null, content.Substring(start, Math.Min(PartLength, content.Length - start))) });
        }

        yield return Write(new ChatChoice { Delta = new ChatMessageBody(null, null), FinishReason = "stop" });
        if (includeUsage)
        {
            yield return JsonSerializer.Serialize(chunk with { Choices = [], Usage = whole.Usage }, StackJson.Options);
        }

        yield return "[DONE]";
        await Task.CompletedTask;

        string Write(ChatChoice choice) => JsonSerializer.Serialize(chunk with { Choices = [choice] }, StackJson.Options);
    }

    private static JsonHttpResult<OpenAiError> Refuse(int status, string message, string? parameter, string? code) =>
        TypedResults.Json(new OpenAiError(new OpenAiErrorBody(message, "invalid_request_error", parameter, code)), StackJson.Options, statusCode: status);
}

/// <summary>Writes events without names, as OpenAI's clients expect them.</summary>
/// <param name="events">The data of the events.</param>
internal sealed class StreamedAnswer(IAsyncEnumerable<string> events) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "text/event-stream";
        httpContext.Response.Headers.CacheControl = "no-cache";
        await foreach (var data in events.WithCancellation(httpContext.RequestAborted))
        {
            await httpContext.Response.WriteAsync($"data: {data}\n\n", httpContext.RequestAborted);
            await httpContext.Response.Body.FlushAsync(httpContext.RequestAborted);
        }
    }
}
