using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>A server of models, or the built-in generator. Thread-safe. Whatever goes wrong is a <see cref="ModelFailure"/>; timeouts, retries, breaker and budgets are the caller's.</summary>
internal interface IModelProvider
{
    /// <summary>Answers a conversation, part by part as it comes. The last part is <see cref="AnswerPart.End"/>; without it the answer was cut, and that is thrown.</summary>
    /// <param name="call">What to answer, with which model.</param>
    /// <param name="cancellationToken">Ends the work, at the provider too.</param>
    IAsyncEnumerable<AnswerPart> AnswerAsync(ProviderCall call, CancellationToken cancellationToken);

    /// <summary>Turns texts into vectors.</summary>
    /// <param name="model">The provider's name of the model.</param>
    /// <param name="texts">The texts; never empty.</param>
    /// <param name="dimensions">The length of the vectors. Null: the model's own.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<Vectors> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CancellationToken cancellationToken);

    /// <summary>The models that the provider has now.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<IReadOnlyList<FoundModel>> ListAsync(CancellationToken cancellationToken);

    /// <summary>What a model can do, as the provider says.</summary>
    /// <param name="model">The provider's name of the model.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Null: the provider does not say.</returns>
    Task<ModelAbility?> ProbeAsync(string model, CancellationToken cancellationToken);
}

/// <summary>One call of a provider.</summary>
/// <param name="Model">The provider's name of the model.</param>
/// <param name="Chat">The conversation.</param>
/// <param name="Estimate">What it is worth in tokens.</param>
/// <param name="ContextTokens">The model's context. Null: not known.</param>
/// <param name="MaxTokens">The most tokens of the answer.</param>
internal sealed record ProviderCall(string Model, ChatCall Chat, TokenEstimate Estimate, int? ContextTokens, int MaxTokens)
{
    /// <summary>Told that the provider began to answer, with an empty text, and the arguments of tool calls as they are written: both are paid for long before there is a part. Null: nobody listens.</summary>
    public Action<string>? Heard { get; init; }
}

/// <summary>Vectors of texts.</summary>
/// <param name="Items">One for each text, in the order of the texts.</param>
/// <param name="PromptTokens">Tokens read. Null: the provider did not say.</param>
internal sealed record Vectors(IReadOnlyList<float[]> Items, long? PromptTokens);

/// <summary>A model that a provider has.</summary>
/// <param name="Name">Its name there.</param>
internal sealed record FoundModel(string Name)
{
    /// <summary>Its size in bytes; zero: not known.</summary>
    public long Size { get; init; }

    /// <summary>The hash of its content. Null: not known.</summary>
    public string? Digest { get; init; }

    /// <summary>When it changed. Null: not known.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>For example <c>llama</c>. Null: not known.</summary>
    public string? Family { get; init; }

    /// <summary>For example <c>8B</c>. Null: not known.</summary>
    public string? Parameters { get; init; }

    /// <summary>For example <c>Q4_K_M</c>. Null: not known.</summary>
    public string? Quantization { get; init; }
}

/// <summary>What a model can do.</summary>
/// <param name="ContextTokens">The tokens of question and answer together. Null: not known.</param>
/// <param name="Tools">Whether it calls tools natively. Null: not known.</param>
/// <param name="Json">Whether the server holds it to a JSON schema. Null: not known.</param>
/// <param name="Capabilities">The provider's own words.</param>
internal sealed record ModelAbility(int? ContextTokens, bool? Tools, bool? Json, IReadOnlyList<string> Capabilities);
