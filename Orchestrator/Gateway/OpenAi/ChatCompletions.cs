using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal static class ChatCompletions
{
    public static async Task<IResult> AnswerAsync(HttpContext http, ModelGateway gateway, TimeProvider time, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OpenAiErrors.ReadAsync<ChatRequest>(http.Request, "a chat completion request", cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        if (request.Model is not { Length: > 0 } model)
        {
            return OpenAiErrors.Refuse(StatusCodes.Status400BadRequest, "'model' is missing. GET /v1/models lists the models.", "model");
        }

        try
        {
            var answer = await gateway.OpenAsync(model, ChatReader.Read(request), CallOrigin.Of(http), cancellationToken);
            AnswerHeaders.Write(http.Response, answer);
            var whole = new ChatCompletion { Id = $"chatcmpl-{Guid.CreateVersion7(time.GetUtcNow()):n}", Created = time.GetUtcNow().ToUnixTimeSeconds(), Model = answer.Model, Choices = [] };
            if (request.Stream is true)
            {
                return new ChatStream(answer, whole, request.StreamOptions?.IncludeUsage is true);
            }

            await using (answer)
            {
                return TypedResults.Json(Whole(whole, await answer.ReadAsync(), answer.Price), StackJson.Options);
            }
        }
        catch (ModelFailure failure)
        {
            return OpenAiErrors.Of(failure);
        }
    }

    private static ChatUsage UsageOf(TokenUse use, Price? price) =>
        new(use.Prompt, use.Completion, use.Total) { Cost = price is null ? 0 : price.Of(use.Prompt, use.Completion) / (decimal)Amount.NanoPerDollar };

    private static ChatCompletion Whole(ChatCompletion frame, WholeAnswer answer, Price? price)
    {
        var message = new ChatMessageBody("assistant", answer.Text.Length > 0 || answer.Calls.Count == 0 ? answer.Text : null)
        {
            ReasoningContent = answer.Thoughts.Length > 0 ? answer.Thoughts : null,
            ToolCalls = answer.Calls.Count > 0 ? [.. answer.Calls.Select(call => new ChatToolCall(call.Id, "function", new ChatCalledFunction(call.Name, call.Arguments)))] : null,
        };
        return frame with
        {
            Choices = [new ChatChoice { Message = message, FinishReason = answer.Reason }],
            Usage = UsageOf(answer.Use, price),
        };
    }

    /// <summary>An answer as events without names. One that breaks off ends with an event that has an error, which clients throw, and without <c>[DONE]</c>.</summary>
    private sealed class ChatStream(Answer answer, ChatCompletion frame, bool includeUsage) : IResult
    {
        private readonly ChatCompletion _chunk = frame with { Object = "chat.completion.chunk" };
        private int _calls;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await using var reading = answer;
            var events = new EventWriter(httpContext);
            try
            {
                await events.WriteAsync(Event(new ChatDelta { Role = "assistant", Content = "" }));
                while (await answer.NextAsync() is { } part)
                {
                    await WriteAsync(events, part);
                }

                await events.WriteAsync("[DONE]");
            }
            catch (ModelFailure failure)
            {
                await events.WriteAsync(JsonSerializer.Serialize(OpenAiErrors.BodyOf(failure), StackJson.Options));
            }
        }

        private async Task WriteAsync(EventWriter events, AnswerPart part)
        {
            switch (part)
            {
                case AnswerPart.Text text:
                    await events.WriteAsync(Event(new ChatDelta { Content = text.Value }));
                    break;
                case AnswerPart.Thought thought:
                    await events.WriteAsync(Event(new ChatDelta { ReasoningContent = thought.Value }));
                    break;
                case AnswerPart.Call { Value: var call }:
                    await events.WriteAsync(Event(new ChatDelta { ToolCalls = [new ChatToolCall(call.Id, "function", new ChatCalledFunction(call.Name, call.Arguments)) { Index = _calls++ }] }));
                    break;
                case AnswerPart.End end:
                    await events.WriteAsync(Event(new ChatDelta(), end.Reason));
                    if (includeUsage)
                    {
                        await events.WriteAsync(JsonSerializer.Serialize(_chunk with { Usage = UsageOf(end.Use!, answer.Price) }, StackJson.Options));
                    }

                    break;
            }
        }

        private string Event(ChatDelta delta, string? reason = null) => JsonSerializer.Serialize(_chunk with { Choices = [new ChatChoice { Delta = delta, FinishReason = reason }] }, StackJson.Options);
    }
}
