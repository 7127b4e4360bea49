namespace Stack.Contracts;

/// <summary>What there is to ask.</summary>
public sealed record ModelOverview
{
    /// <summary>The models.</summary>
    public required IReadOnlyList<ModelResource> Models { get; init; }

    /// <summary>The aliases.</summary>
    public required IReadOnlyList<AliasResource> Aliases { get; init; }

    /// <summary>The providers.</summary>
    public required IReadOnlyList<ProviderResource> Providers { get; init; }

    /// <summary>The gateway's file; it need not be there.</summary>
    public required string File { get; init; }

    /// <summary>When what holds was read.</summary>
    public required DateTimeOffset LoadedAt { get; init; }

    /// <summary>What is wrong with the file as it is now; what holds is what it was before. Empty: nothing is.</summary>
    public required IReadOnlyList<DefinitionProblem> Problems { get; init; }
}

/// <summary>A model.</summary>
public sealed record ModelResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Who has it.</summary>
    public required string Provider { get; init; }

    /// <summary>The tokens of question and answer together. Null: not known.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The most tokens of an answer when a call does not say.</summary>
    public required int MaxOutput { get; init; }

    /// <summary>How tools are offered to it: <c>native</c>, <c>json</c>, <c>text</c> or <c>none</c>.</summary>
    public required string Tools { get; init; }

    /// <summary>What it can, in its provider's words.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>What was found out by asking it. Null: it was not probed since the start, or since its provider changed.</summary>
    public MeasuredAbility? Measured { get; init; }

    /// <summary>Dollars for a million tokens read. Null: not known, and it is not called.</summary>
    public decimal? InputPrice { get; init; }

    /// <summary>Dollars for a million tokens written. Null: not known.</summary>
    public decimal? OutputPrice { get; init; }

    /// <summary>The models that are asked when it does not answer.</summary>
    public required IReadOnlyList<string> Fallback { get; init; }
}

/// <summary>A name for a chain of models.</summary>
/// <param name="Name">The name.</param>
/// <param name="Models">The chain.</param>
public sealed record AliasResource(string Name, IReadOnlyList<string> Models);

/// <summary>A provider.</summary>
public sealed record ProviderResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its protocol.</summary>
    public required string Kind { get; init; }

    /// <summary>Its address. Null: it is a part of this program.</summary>
    public string? Url { get; init; }

    /// <summary>Whether it belongs to the user.</summary>
    public required bool Local { get; init; }

    /// <summary><c>closed</c>, <c>open</c> or <c>half_open</c>.</summary>
    public required string Breaker { get; init; }

    /// <summary>What is wrong with it now. Null: nothing that is known.</summary>
    public string? Problem { get; init; }
}

/// <summary>Asks for a model to be probed.</summary>
public sealed record ProbeRequest
{
    /// <summary>The model; not an alias.</summary>
    public string? Model { get; init; }

    /// <summary>How much the model is given to read: 256 to 1,000,000 tokens, at most what its context holds. Null: 4,096.</summary>
    public int? ContextTokens { get; init; }
}

/// <summary>What a model was found to do when it was asked, whatever its provider says of it.</summary>
public sealed record MeasuredAbility
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How it called a tool: <c>native</c>, <c>json</c> or <c>text</c>; <c>none</c>: it did not.</summary>
    public required string Tools { get; init; }

    /// <summary>Whether its answer fitted a JSON schema.</summary>
    public required bool Json { get; init; }

    /// <summary>How many tokens it was seen to read to the beginning. Zero: it did not say what stood there.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>What went wrong, a sentence for each. Empty: nothing.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
