using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>A call as the journal knows it: its parameters and its messages, each by its hash. The workflow's own id is written as a placeholder, so that a replay, which has another one, asks the same.</summary>
/// <param name="Hash">The hash of all.</param>
/// <param name="Parts">Parameters and tools first, then each message.</param>
internal sealed record JournaledRequest(string Hash, IReadOnlyList<JournalContent> Parts)
{
    private const string OwnId = "{{stack-workflow-id}}";

    /// <summary>The parts' hashes.</summary>
    public IReadOnlyList<string> Hashes => [.. Parts.Select(part => part.Hash)];

    /// <summary>Reads a call.</summary>
    /// <param name="id">The workflow that makes it.</param>
    /// <param name="model">The model or alias that is asked for.</param>
    /// <param name="chat">The conversation.</param>
    public static JournaledRequest Of(WorkflowId id, string model, ChatCall chat)
    {
        var frame = new
        {
            Model = model,
            chat.Tools,
            chat.ToolChoice,
            chat.Format,
            chat.Temperature,
            chat.TopP,
            chat.MaxTokens,
            chat.Seed,
            chat.Stop,
            chat.Effort,
            Metadata = chat.Metadata is null ? null : new SortedDictionary<string, string>(chat.Metadata.ToDictionary(), StringComparer.Ordinal),
            Options = chat.OllamaOptions is null ? null : new SortedDictionary<string, JsonElement>(chat.OllamaOptions.ToDictionary(), StringComparer.Ordinal),
        };
        List<JournalContent> parts = [Forget(id, JsonPayload.From(frame)), .. chat.Turns.Select(turn => Forget(id, JsonPayload.From(turn)))];
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', parts.Select(part => part.Hash))));
        return new JournaledRequest(Convert.ToHexStringLower(hash), parts);
    }

    /// <summary>Names a content, without the workflow's own id.</summary>
    public static JournalContent Forget(WorkflowId id, JsonPayload json) => JournalContent.Of(Replace(json, id.ToString(), OwnId));

    /// <summary>Puts the workflow's own id back.</summary>
    public static JsonPayload Recall(WorkflowId id, JsonPayload json) => Replace(json, OwnId, id.ToString());

    private static JsonPayload Replace(JsonPayload json, string old, string replacement) =>
        json.Utf8.Span.IndexOf(Encoding.UTF8.GetBytes(old)) < 0
            ? json
            : JsonPayload.FromTrustedUtf8(Encoding.UTF8.GetBytes(json.ToString().Replace(old, replacement, StringComparison.Ordinal)));
}
