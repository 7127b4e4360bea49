using System.Globalization;
using System.Text;
using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>Finds out what a model can do by asking it: what providers and model cards say is often more.</summary>
internal sealed class ModelProbe(ModelGateway gateway, TimeProvider time)
{
    /// <summary>The least that a model is given to read, in tokens.</summary>
    public const int LeastContext = 256;

    /// <summary>What it is given to read otherwise: more than servers read that cut silently.</summary>
    public const int UsualContext = 4096;

    private const int MostOutput = 256;
    private const string Secret = "7319";

    private static readonly ToolSpec s_tool = new("note", "Writes a note down.", Parse("""{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}"""));
    private static readonly AnswerFormat s_format = new(Parse("""{"type":"object","properties":{"sum":{"type":"integer"}},"required":["sum"]}"""), "sum");

    /// <summary>Asks a model three things.</summary>
    /// <param name="link">The model.</param>
    /// <param name="contextTokens">How much it is given to read.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<MeasuredAbility> MeasureAsync(ChainLink link, int contextTokens, CallOrigin origin, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var name = $"{link.Provider.Entry.Name}/{link.Model.ProviderModel}";
        var model = link.Model.Name;
        var tools = await AskAsync(model, "tools", Question("Use the tool note to write down the word stack.") with { Tools = [s_tool], ToolChoice = "required" }, origin, problems, cancellationToken);
        var json = await AskAsync(model, "json", Question("How much is 2 + 3? Answer with JSON: {\"sum\": NUMBER}.") with { Format = s_format }, origin, problems, cancellationToken);
        var reads = await AskAsync(model, "context", await LongAsync(link, contextTokens, cancellationToken), origin, problems, cancellationToken);
        return new MeasuredAbility
        {
            At = time.GetUtcNow(),
            Tools = tools is null ? "none" : RungOf(link, tools, problems, name),
            Json = json is not null && IsSum(json.Text, problems, name),
            ContextTokens = reads is null ? 0 : ReadOf(reads, problems, name),
            Problems = problems,
        };
    }

    private async Task<WholeAnswer?> AskAsync(string model, string what, ChatCall call, CallOrigin origin, List<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            // Never from a journal: what counts is what it says now.
            await using var answer = await gateway.OpenAsync(model, call, origin with { Workflow = null, Stage = null }, cancellationToken);
            if (answer.Model != model)
            {
                problems.Add($"{what}: {model} did not answer; {answer.Decision}.");
                return null;
            }

            return await answer.ReadAsync();
        }
        catch (ModelFailure failure)
        {
            problems.Add($"{what}: {failure.Message}");
            return null;
        }
    }

    private static string RungOf(ChainLink link, WholeAnswer answer, List<string> problems, string name)
    {
        var called = answer.Calls.FirstOrDefault(call => call.Name == s_tool.Name);
        if (called is null || LooseJson.Object(called.Arguments)?["text"]?.ToString().Contains("stack", StringComparison.OrdinalIgnoreCase) is not true)
        {
            problems.Add($"tools: {name} was told to call a tool and {(called is null ? $"said '{Shorten(answer.Text)}'" : $"called it with {Shorten(called.Arguments)}")}.");
            return "none";
        }

        return link.Provider.RungOf(link.Model, null).ToString().ToLowerInvariant();
    }

    private static bool IsSum(string text, List<string> problems, string name)
    {
        try
        {
            using var read = JsonDocument.Parse(text);
            if (Json.Long(read.RootElement, "sum") is not null)
            {
                return true;
            }
        }
        catch (JsonException)
        {
            // It says so below.
        }

        problems.Add($"json: {name} was held to a schema and said '{Shorten(text)}'.");
        return false;
    }

    private static int ReadOf(WholeAnswer answer, List<string> problems, string name)
    {
        if (answer.Text.Contains(Secret, StringComparison.Ordinal))
        {
            return (int)Math.Min(int.MaxValue, answer.Use.Prompt);
        }

        problems.Add(string.Create(CultureInfo.InvariantCulture, $"context: {name} was given {answer.Use.Prompt} tokens to read and did not know what stood at their beginning; it said '{Shorten(answer.Text)}'."));
        return 0;
    }

    private static async Task<ChatCall> LongAsync(ChainLink link, int tokens, CancellationToken cancellationToken)
    {
        var context = link.Model.ContextTokens ?? (await link.Provider.AbilityAsync(link.Model.ProviderModel, cancellationToken))?.ContextTokens;
        // Room for the answer, and for an estimate that is too high.
        var room = Math.Min(tokens, ((context ?? int.MaxValue) - 512) * 3L / 4);
        var text = new StringBuilder($"Remember this number: {Secret}. What follows is of no importance.\n");
        for (var words = 0; words < room; words += 3)
        {
            text.Append("and so on ");
        }

        return Question(text.Append("\nWhich number were you to remember? Answer with the number only.").ToString());
    }

    private static ChatCall Question(string text) => new() { Turns = [new Turn("user", text)], MaxTokens = MostOutput, Temperature = 0 };

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string Shorten(string text) => text.Length > 80 ? text[..80] + "…" : text;
}
