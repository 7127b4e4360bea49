using System.Collections.Concurrent;
using Polly;
using Polly.Retry;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>A provider at work: its connection, breaker, places and what is known of its models.</summary>
internal sealed class ActiveProvider
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_listAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_abilityAge = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_askPatience = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, (ModelAbility? Ability, DateTimeOffset Until)> _abilities = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ToolRung> _learned = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MeasuredAbility> _measured = new(StringComparer.Ordinal);
    private volatile Listing? _found;

    public ActiveProvider(ProviderEntry entry, IModelProvider provider, ProviderBreaker breaker, TimeProvider time)
    {
        (Entry, Provider, Breaker, _time) = (entry, provider, breaker, time);
        Places = new SemaphoreSlim(entry.Parallel);
        Retry = entry.Retries == 0 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(RetryOptions(entry)).Build();
    }

    /// <summary>Its entry in the file.</summary>
    public ProviderEntry Entry { get; }

    /// <summary>The provider itself.</summary>
    public IModelProvider Provider { get; }

    /// <summary>Leaves it alone when it fails; survives changes of the entry.</summary>
    public ProviderBreaker Breaker { get; }

    /// <summary>One place for each call at once.</summary>
    public SemaphoreSlim Places { get; }

    /// <summary>Tries again what failed before its first part.</summary>
    public ResiliencePipeline Retry { get; }

    /// <summary>The models that it has; at most ten seconds old. One that did not answer is not asked again for as long.</summary>
    public async Task<IReadOnlyList<FoundModel>> ModelsAsync(CancellationToken cancellationToken)
    {
        if (_found is { } known && _time.GetUtcNow() < known.Until)
        {
            return known.Failure is { } failed ? throw new ModelFailure(failed.Kind, failed.Message, failed) : known.Models;
        }

        try
        {
            var models = await AskAsync(Provider.ListAsync, cancellationToken);
            _found = new Listing(models, null, _time.GetUtcNow() + s_listAge);
            return models;
        }
        catch (ModelFailure failure)
        {
            // Every call looks here; each would wait for a provider that is silent.
            _found = new Listing(_found?.Models ?? [], failure, _time.GetUtcNow() + s_listAge);
            throw;
        }
    }

    /// <summary>The models that it has, for a call: while it is left alone they are those that it had, so that the call ends at once and says why.</summary>
    public Task<IReadOnlyList<FoundModel>> LastModelsAsync(CancellationToken cancellationToken) =>
        Breaker.State is "open" && _found is { Models.Count: > 0 } last ? Task.FromResult(last.Models) : ModelsAsync(cancellationToken);

    /// <summary>What a model can do, as the provider said last. Null: the provider does not say, or not now.</summary>
    public async Task<ModelAbility?> AbilityAsync(string model, CancellationToken cancellationToken)
    {
        _abilities.TryGetValue(model, out var known);
        if (Breaker.State is "open" || _time.GetUtcNow() < known.Until)
        {
            return known.Ability;
        }

        try
        {
            var ability = await AskAsync(token => Provider.ProbeAsync(model, token), cancellationToken);
            _abilities[model] = (ability, _time.GetUtcNow() + s_abilityAge);
            return ability;
        }
        catch (ModelFailure)
        {
            // The call itself will tell the caller what is wrong with the provider.
            _abilities[model] = (known.Ability, _time.GetUtcNow() + s_listAge);
            return known.Ability;
        }
    }

    /// <summary>How tools are offered to a model: as its entry says, as was learned, or as the provider says.</summary>
    public ToolRung RungOf(ModelEntry model, ModelAbility? ability) =>
        model.Tools ?? (_learned.TryGetValue(model.ProviderModel, out var learned) ? learned : ability is { Tools: false } ? (ability.Json is false ? ToolRung.Text : ToolRung.Json) : ToolRung.Native);

    /// <summary>Remembers that a model does not take tools on a rung.</summary>
    /// <returns>The next rung; null: there is none.</returns>
    public ToolRung? Descend(ModelEntry model, ToolRung from)
    {
        if (from is ToolRung.Text)
        {
            return null;
        }

        var next = from is ToolRung.Native ? ToolRung.Json : ToolRung.Text;
        _learned[model.ProviderModel] = next;
        return next;
    }

    /// <summary>Remembers what a model was found to do.</summary>
    public void Remember(ModelEntry model, MeasuredAbility measured) => _measured[model.ProviderModel] = measured;

    /// <summary>What a model was found to do. Null: it was not probed.</summary>
    public MeasuredAbility? MeasuredOf(ModelEntry model) => _measured.GetValueOrDefault(model.ProviderModel);

    /// <summary>Forgets what is known of the models, because they changed.</summary>
    public void Forget()
    {
        _found = null;
        _abilities.Clear();
        _learned.Clear();
        _measured.Clear();
    }

    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(s_askPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelFailure(FailureKind.TimedOut, $"Provider '{Entry.Name}' at {Entry.Url} did not answer within {s_askPatience.TotalSeconds:0} s.", late);
        }
    }

    private static RetryStrategyOptions RetryOptions(ProviderEntry entry) => new()
    {
        MaxRetryAttempts = entry.Retries,
        Delay = TimeSpan.FromMilliseconds(250),
        MaxDelay = s_longestWait,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        ShouldHandle = args => new(args.Outcome.Exception is ModelFailure { HadBegun: false, Kind: FailureKind.Unavailable or FailureKind.Cut or FailureKind.Unreadable or FailureKind.Throttled } failure
            && (failure.RetryAfter ?? (failure.Kind is FailureKind.Throttled ? TimeSpan.FromSeconds(1) : TimeSpan.Zero)) <= s_longestWait),
        DelayGenerator = args => new(args.Outcome.Exception is ModelFailure { RetryAfter: { } wait } ? wait : null),
    };

    /// <summary>What it said that it has.</summary>
    /// <param name="Models">The models, as it said last.</param>
    /// <param name="Failure">Why it did not answer since. Null: it did.</param>
    /// <param name="Until">When it is asked again.</param>
    private sealed record Listing(IReadOnlyList<FoundModel> Models, ModelFailure? Failure, DateTimeOffset Until);
}
