namespace Stack.Orchestrator.Gateway;

/// <summary>Something that answers conversations: a server of models, or the built-in generator. Thread-safe.</summary>
internal interface IChatProvider
{
    /// <summary>Its name, for example <c>builtin</c>; the owner of its models.</summary>
    string Name { get; }

    /// <summary>The models that it answers for.</summary>
    IReadOnlyList<string> Models { get; }

    /// <summary>Answers a conversation that was checked: the model is one of <see cref="Models"/> and there is at least one message.</summary>
    /// <param name="request">The conversation.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ChatRefusedException">The provider does not answer this request; trying again cannot help.</exception>
    Task<ChatAnswer> AnswerAsync(ChatRequest request, CancellationToken cancellationToken);
}

/// <summary>What a provider answers.</summary>
/// <param name="Content">The text.</param>
/// <param name="PromptTokens">Tokens that it read.</param>
/// <param name="CompletionTokens">Tokens that it wrote.</param>
internal sealed record ChatAnswer(string Content, long PromptTokens, long CompletionTokens);

/// <summary>The request itself is at fault.</summary>
/// <param name="message">What is wrong and what to do, as a sentence.</param>
/// <param name="parameter">The field of the request.</param>
internal sealed class ChatRefusedException(string message, string parameter) : Exception(message)
{
    /// <summary>The field of the request.</summary>
    public string Parameter { get; } = parameter;
}

/// <summary>The providers, by the models that they answer for.</summary>
/// <param name="providers">All of them.</param>
internal sealed class ChatProviders(IEnumerable<IChatProvider> providers)
{
    private readonly IReadOnlyList<IChatProvider> _providers = [.. providers];

    /// <summary>All models and their owners.</summary>
    public IEnumerable<(string Model, string Owner)> Models => _providers.SelectMany(provider => provider.Models.Select(model => (model, provider.Name)));

    /// <summary>Finds who answers for a model.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The provider, or null when nobody does.</returns>
    public IChatProvider? Find(string model) => _providers.FirstOrDefault(provider => provider.Models.Contains(model));
}
