using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.EndToEnd;

/// <summary>What our stand-in for Ollama says. It keeps nothing in memory, so that it can be killed and started again: the scene follows from the last message of the user, the step in it from how often the model spoke since.</summary>
internal sealed record OllamaScript
{
    /// <summary>The models that it has.</summary>
    public IReadOnlyList<string> Models { get; init; } = ["tiny:latest"];

    /// <summary>The scenes; the first whose text is in the user's message is played.</summary>
    public required IReadOnlyList<OllamaScene> Scenes { get; init; }

    public static OllamaScript Read(string path) => JsonSerializer.Deserialize<OllamaScript>(File.ReadAllText(path), StackJson.Options)!;

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, StackJson.Options));

    /// <summary>The step that answers a conversation. Null: none is written.</summary>
    public OllamaStep? StepFor(JsonElement messages)
    {
        var list = messages.EnumerateArray().ToList();
        var user = list.FindLastIndex(message => message.GetProperty("role").GetString() == "user");
        var text = user < 0 ? "" : list[user].GetProperty("content").GetString()!;
        var spoken = list.Skip(user + 1).Count(message => message.GetProperty("role").GetString() == "assistant");
        return Scenes.FirstOrDefault(scene => text.Contains(scene.When, StringComparison.OrdinalIgnoreCase))?.Steps is { Count: > 0 } steps ? steps[Math.Min(spoken, steps.Count - 1)] : null;
    }
}

/// <summary>What is said to a message of the user.</summary>
/// <param name="When">A text in it.</param>
/// <param name="Steps">The answers, one after the other; the last one is repeated.</param>
internal sealed record OllamaScene(string When, IReadOnlyList<OllamaStep> Steps);

/// <summary>An answer.</summary>
internal sealed record OllamaStep
{
    public string? Text { get; init; }

    public IReadOnlyList<OllamaCall> Calls { get; init; } = [];

    /// <summary>Whether calls are written as text, as small models do.</summary>
    public bool AsText { get; init; }

    public int DelayMs { get; init; }

    /// <summary>The tokens that it says it read. Null: enough.</summary>
    public long? PromptTokens { get; init; }

    public static OllamaStep Says(string text) => new() { Text = text };

    public static OllamaStep Calling(string name, object arguments) => new() { Calls = [new OllamaCall(name, JsonSerializer.SerializeToElement(arguments))] };

    public static OllamaStep Writing(string path, string content) => Calling("write_file", new { path, content });
}

/// <summary>A call of a tool.</summary>
internal sealed record OllamaCall(string Name, JsonElement Arguments);
