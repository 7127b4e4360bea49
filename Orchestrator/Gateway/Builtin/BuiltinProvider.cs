using System.Runtime.CompilerServices;
using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>
/// Answers with generated repositories, without a language model. The last message of the user is the requirements; <c>metadata</c> may carry <c>template</c> and <c>project_name</c>.
/// The answer's text is a <see cref="Generation"/> in JSON; equal requests get equal texts. Tools and forms of the answer are ignored. Vectors are word counts, hashed: equal words make near vectors, meanings do not.
/// </summary>
internal sealed class BuiltinProvider : IModelProvider
{
    /// <summary>Its name, and that of its only model.</summary>
    public const string ProviderName = "builtin";

    private const int PartLength = 2_000;
    private const int DefaultDimensions = 256;

    /// <inheritdoc />
    public async IAsyncEnumerable<AnswerPart> AnswerAsync(ProviderCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var requirements = call.Chat.Turns.LastOrDefault(turn => turn.Role is "user")?.Text;
        if (string.IsNullOrWhiteSpace(requirements))
        {
            throw ModelFailure.Request("Project requirements cannot be empty. Describe the program in a message with the role 'user'.", "messages");
        }

        var generation = ProjectGenerator.Generate(new GenerationRequest
        {
            Requirements = requirements,
            Template = call.Chat.Metadata?.GetValueOrDefault("template"),
            ProjectName = call.Chat.Metadata?.GetValueOrDefault("project_name"),
        });
        var content = JsonSerializer.Serialize(generation, StackJson.Options);
        for (var start = 0; start < content.Length; start += PartLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new AnswerPart.Text(content.Substring(start, Math.Min(PartLength, content.Length - start)));
        }

        yield return new AnswerPart.End("stop", new TokenUse(0, 0));
        await Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<Vectors> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CancellationToken cancellationToken) =>
        Task.FromResult(new Vectors([.. texts.Select(text => VectorOf(text, dimensions ?? DefaultDimensions))], 0));

    /// <inheritdoc />
    public Task<IReadOnlyList<FoundModel>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<FoundModel>>([new FoundModel(ProviderName) { Family = ProviderName }]);

    /// <inheritdoc />
    public Task<ModelAbility?> ProbeAsync(string model, CancellationToken cancellationToken) => Task.FromResult<ModelAbility?>(new ModelAbility(null, false, false, ["completion", "embedding"]));

    private static float[] VectorOf(string text, int dimensions)
    {
        var vector = new float[dimensions];
        foreach (var word in text.ToLowerInvariant().Split((char[])[' ', '\t', '\r', '\n', '.', ',', ';', ':', '!', '?', '(', ')', '"'], StringSplitOptions.RemoveEmptyEntries))
        {
            vector[Hash(word) % (uint)dimensions] += 1;
        }

        var length = MathF.Sqrt(vector.Sum(value => value * value));
        return length == 0 ? vector : [.. vector.Select(value => value / length)];
    }

    // FNV-1a: the same in every process, unlike string.GetHashCode.
    private static uint Hash(string word) => word.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
