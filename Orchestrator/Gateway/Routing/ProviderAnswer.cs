using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>
/// An answer on its way from a provider. Whoever has it reads its parts to the end or disposes it; either way what it used is booked, its place is free again and the breaker knows how it went.
/// </summary>
internal sealed class ProviderAnswer(ChainLink link, string decision, TokenEstimate estimate, Func<TokenUse, Task> settle, ActiveProvider provider, TimeProvider time) : Answer
{
    private readonly long _began = time.GetTimestamp();
    private IAsyncEnumerator<AnswerPart>? _parts;
    private AnswerPart? _first;
    private TimeSpan _firstAfter;
    private long _written;
    private bool _hasBegun;
    private bool _isOver;

    /// <summary>The model that answers.</summary>
    public ChainLink Link { get; } = link;

    /// <inheritdoc />
    public override string Model => Link.Model.Name;

    /// <inheritdoc />
    public override string Provider => Link.Provider.Entry.Name;

    /// <inheritdoc />
    public override string Decision { get; } = decision;

    /// <inheritdoc />
    public override Configuration.Price? Price => Link.Model.Price;

    /// <summary>What it used. Null: it is not over.</summary>
    public TokenUse? Use { get; private set; }

    /// <summary>Whether it holds one of the provider's places.</summary>
    public bool HasPlace { get; set; }

    /// <summary>Told how it went: what it used, what failed, how long it took, how long the first part took.</summary>
    public Action<TokenUse, ModelFailure?, TimeSpan, TimeSpan>? Finished { get; init; }

    /// <summary>Given each part before anybody else, the end before it is booked: what is paid for is kept first.</summary>
    public Func<AnswerPart, Task>? Seen { get; init; }

    /// <summary>Told what the provider writes as it comes, also what is held until it is whole. From the first time on, also when the text is empty, the call is paid for.</summary>
    /// <param name="text">The text.</param>
    public void Hear(string text)
    {
        _hasBegun = true;
        _written += TokenEstimate.Of(text).Likely;
    }

    /// <summary>Told each part that the provider gives. The arguments of calls were heard while they were written.</summary>
    /// <param name="part">The part.</param>
    public void Hear(AnswerPart part) => Hear(part switch
    {
        AnswerPart.Text text => text.Value,
        AnswerPart.Thought thought => thought.Value,
        _ => "",
    });

    /// <summary>Waits for the first part.</summary>
    public async Task BeginAsync(IAsyncEnumerable<AnswerPart> parts)
    {
        var enumerator = parts.GetAsyncEnumerator(CancellationToken.None);
        try
        {
            _first = await enumerator.MoveNextAsync() ? enumerator.Current : throw new ModelFailure(FailureKind.Cut, $"Provider '{provider.Entry.Name}' ended its answer before it began.");
            _firstAfter = time.GetElapsedTime(_began);
            _parts = enumerator;
        }
        catch (Exception failure)
        {
            if (failure is ModelFailure model)
            {
                model.HadBegun = _hasBegun;
            }

            await enumerator.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public override async ValueTask<AnswerPart?> NextAsync()
    {
        if (_isOver)
        {
            return null;
        }

        try
        {
            var part = _first ?? (await _parts!.MoveNextAsync() ? _parts.Current : throw new ModelFailure(FailureKind.Cut, $"Provider '{provider.Entry.Name}' broke off in the middle of its answer."));
            _first = null;
            if (part is AnswerPart.End end)
            {
                part = end with { Use = end.Use ?? Estimated() };
            }

            if (Seen is not null)
            {
                await Seen(part);
            }

            if (part is AnswerPart.End over)
            {
                await EndAsync(over.Use!, null, () => provider.Breaker.Succeed());
            }

            return part;
        }
        catch (ModelFailure failure)
        {
            await EndAsync(Estimated(), failure, () =>
            {
                if (failure.IsFault)
                {
                    provider.Breaker.Fail(provider.Entry.Failures, provider.Entry.CoolDown);
                }
                else
                {
                    provider.Breaker.Succeed();
                }
            });
            throw;
        }
    }

    /// <summary>Ends an answer of which nothing was given away. Booking is the caller's.</summary>
    /// <param name="failure">Why. Null: the client left, or something else than the provider failed.</param>
    /// <returns>What it used, estimated. Null: the provider had not begun to answer.</returns>
    public async ValueTask<TokenUse?> AbandonAsync(ModelFailure? failure)
    {
        _isOver = true;
        await CleanAsync();
        if (!_hasBegun)
        {
            return null;
        }

        Use = Estimated();
        var took = time.GetElapsedTime(_began);
        Finished?.Invoke(Use, failure, took, took);
        return Use;
    }

    /// <inheritdoc />
    public override async ValueTask DisposeAsync()
    {
        if (!_isOver)
        {
            // The reader left: what was written until now counts.
            await EndAsync(Estimated(), null, () => provider.Breaker.Forget());
        }
    }

    private TokenUse Estimated() => provider.Entry.Kind is Configuration.ProviderKind.Builtin ? new TokenUse(0, 0) : new TokenUse(estimate.Likely, _written, IsEstimated: true);

    private async Task EndAsync(TokenUse use, ModelFailure? failure, Action tellBreaker)
    {
        _isOver = true;
        Use = use;
        tellBreaker();
        await CleanAsync();
        await settle(use);
        Finished?.Invoke(use, failure, time.GetElapsedTime(_began), _firstAfter);
    }

    private async ValueTask CleanAsync()
    {
        if (HasPlace)
        {
            HasPlace = false;
            provider.Places.Release();
        }

        if (_parts is not null)
        {
            await _parts.DisposeAsync();
            _parts = null;
        }
    }
}
