using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>
/// Answers with generated repositories, without a language model. The last message of the user is the requirements; <c>metadata</c> may carry <c>template</c> and <c>project_name</c>.
/// The answer's text is a <see cref="Generation"/> in JSON; equal requests get equal texts.
/// </summary>
internal sealed class BuiltinProvider : IChatProvider
{
    /// <summary>Its name, and that of its only model.</summary>
    public const string ProviderName = "builtin";

    /// <inheritdoc />
    public string Name => ProviderName;

    /// <inheritdoc />
    public IReadOnlyList<string> Models { get; } = [ProviderName];

    /// <inheritdoc />
    public Task<ChatAnswer> AnswerAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        var requirements = request.Messages!.LastOrDefault(message => message.Role is "user")?.Text;
        if (string.IsNullOrWhiteSpace(requirements))
        {
            throw new ChatRefusedException("Project requirements cannot be empty. Describe the program in a message with the role 'user'.", "messages");
        }

        var generation = ProjectGenerator.Generate(new GenerationRequest
        {
            Requirements = requirements,
            Template = request.Metadata?.GetValueOrDefault("template"),
            ProjectName = request.Metadata?.GetValueOrDefault("project_name"),
        });
        return Task.FromResult(new ChatAnswer(JsonSerializer.Serialize(generation, StackJson.Options), 0, 0));
    }
}
