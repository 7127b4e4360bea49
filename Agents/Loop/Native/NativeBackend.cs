using Microsoft.Extensions.AI;
using Stack.Agents.Loop.Backends;
using Stack.Agents.Runtime;

namespace Stack.Agents.Loop.Native;

/// <summary>A language model that calls tools until it answers without one. Each pass is a conversation of its own: what the next one has to know stands in the workspace and in its prompt.</summary>
/// <param name="chat">Asks the model.</param>
/// <param name="tools">What it may call.</param>
/// <param name="instructions">What it is told before the prompt.</param>
/// <param name="maxTurns">The most model calls of a pass.</param>
/// <param name="log">Takes a line for each call of a tool.</param>
internal sealed class NativeBackend(LoopChat chat, WorkspaceTools tools, string instructions, int maxTurns, Action<string> log) : ILoopBackend
{
    private const int MostMisuses = 5;
    private const int ShortEnough = 400;
    private const string LeftOut = "(This was left out to save room. Call the tool again if you need it.)";

    /// <inheritdoc />
    public async Task<Pass> RunAsync(PassRequest request, CancellationToken cancellationToken)
    {
        var messages = new List<ChatMessage> { new(ChatRole.User, request.Prompt) };
        var (calls, misuses) = (0, 0);
        string? model = null;
        for (var turn = 1; turn <= maxTurns; turn++)
        {
            var response = await AskAsync(messages, OptionsOf(request, turn), cancellationToken);
            if (response is null)
            {
                return new Pass { Summary = "The conversation did not fit the model's context any more.", Problem = "The context was full before the work was done.", Model = model, ModelCalls = turn - 1, ToolCalls = calls };
            }

            if (response.AdditionalProperties?.GetValueOrDefault(GatewayChatClient.ProviderProperty) is GatewayChatClient.DefaultModel)
            {
                return new Pass { Builtin = new BuiltinAnswer(response.Text, response.AdditionalProperties.GetValueOrDefault(GatewayChatClient.DecisionProperty) as string ?? ""), Model = model, ModelCalls = turn, ToolCalls = calls };
            }

            model = response.ModelId;
            var asked = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
            if (asked.Count == 0)
            {
                var isCut = response.FinishReason == ChatFinishReason.Length;
                return new Pass { ClaimsDone = !isCut, Summary = response.Text, Problem = isCut ? "The model's answer was longer than it may be and was cut." : null, Model = model, ModelCalls = turn, ToolCalls = calls };
            }

            messages.AddRange(response.Messages);
            var (results, made) = await InvokeAsync(asked, cancellationToken);
            messages.Add(new ChatMessage(ChatRole.Tool, results));
            calls += asked.Count;
            misuses = made ? 0 : misuses + 1;
            if (misuses >= MostMisuses)
            {
                return new Pass { Problem = $"The model called its tools wrongly {MostMisuses} times in a row: {((FunctionResultContent)results[^1]).Result}", Model = model, ModelCalls = turn, ToolCalls = calls };
            }
        }

        return new Pass { Problem = $"The model did not come to an end within {maxTurns} calls.", Model = model, ModelCalls = maxTurns, ToolCalls = calls };
    }

    // Null: the conversation does not fit, and nothing is left to leave out.
    private async Task<ChatResponse?> AskAsync(List<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await chat.AskAsync(messages, options, cancellationToken);
            }
            catch (AgentFailure failure) when (failure.Error.Code is "context_length_exceeded" && messages.Count > 1)
            {
                if (!LeaveOutOldest(messages))
                {
                    return null;
                }
            }
        }
    }

    private async Task<(List<AIContent> Results, bool Made)> InvokeAsync(List<FunctionCallContent> asked, CancellationToken cancellationToken)
    {
        var results = new List<AIContent>();
        var anyMade = false;
        foreach (var call in asked)
        {
            var (text, made) = await tools.InvokeAsync(call, cancellationToken);
            anyMade |= made;
            log($"{call.Name}: {FirstLine(text)}");
            results.Add(new FunctionResultContent(call.CallId, text));
        }

        return (results, anyMade);
    }

    private ChatOptions OptionsOf(PassRequest request, int turn)
    {
        var options = new ChatOptions { ModelId = request.Model, Instructions = instructions, Tools = [.. tools.All.Select(tool => tool.Declaration)], AdditionalProperties = new() { [GatewayChatClient.StepProperty] = request.StepOf(turn) } };
        foreach (var (name, value) in request.Metadata)
        {
            options.AdditionalProperties[name] = value;
        }

        return options;
    }

    // The oldest long result goes first; the last one stays, the model needs it now.
    private static bool LeaveOutOldest(List<ChatMessage> messages)
    {
        foreach (var message in messages.SkipLast(1))
        {
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                if (result.Result is string { Length: > ShortEnough })
                {
                    result.Result = LeftOut;
                    return true;
                }
            }
        }

        return false;
    }

    private static string FirstLine(string text)
    {
        var line = text.Split('\n', 2)[0];
        return line.Length > 200 ? line[..200] + "…" : line;
    }
}
