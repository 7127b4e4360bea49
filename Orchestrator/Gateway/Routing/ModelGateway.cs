using System.Globalization;
using System.Runtime.CompilerServices;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Journal;
using Stack.Orchestrator.Gateway.Ledger;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>
/// Answers a call with the first model of its chain that can: fits it, may be asked by the rules, is not resting, is covered by every budget, and gives a first part. From then on that model's
/// failures are the call's; nothing is asked twice once a part was given away.
/// </summary>
internal sealed partial class ModelGateway(ProviderDirectory directory, CallJournal journal, BudgetBook book, TimeProvider time, ILogger<ModelGateway> logger)
{
    private const int LeastOutput = 256;

    /// <summary>Answers a call: from the journal, when the stage was answered this before; otherwise the models of a chain are asked until one answers.</summary>
    /// <param name="model">The name of a model or an alias.</param>
    /// <param name="chat">The conversation.</param>
    /// <param name="origin">Who it is for.</param>
    /// <param name="cancellationToken">Ends the work; the answer too.</param>
    /// <returns>The answer, whose first part is there. Disposing it ends it.</returns>
    /// <exception cref="ModelFailure">None answered.</exception>
    public Task<Answer> OpenAsync(string model, ChatCall chat, CallOrigin origin, CancellationToken cancellationToken) =>
        journal.OpenAsync(model, chat, origin, (asked, seen, token) => AskAsync(asked, chat, origin, seen, token), cancellationToken);

    private async Task<ProviderAnswer> AskAsync(string model, ChatCall chat, CallOrigin origin, Func<ChainLink, AnswerPart, Task> seen, CancellationToken cancellationToken)
    {
        var chain = await directory.FindAsync(model, cancellationToken);
        var estimate = chat.Estimate();
        var passed = new List<(ChainLink Link, ModelFailure Failure)>();
        foreach (var link in Ordered(chain, chat))
        {
            try
            {
                CheckEscalation(chain, link, chat, passed);
                return await AskAsync(chain, link, chat, estimate, origin, passed, seen, cancellationToken);
            }
            catch (ModelFailure failure) when (failure.AllowsOther && chain.Links.Count > 1)
            {
                passed.Add((link, failure));
                LogPassed(chain.Name, link.Model.Name, failure.Code, failure.Message);
            }
        }

        throw None(chain, passed);
    }

    /// <summary>Turns texts into vectors, with the same order of things: budget, breaker, retry, provider, chain.</summary>
    public async Task<(Vectors Vectors, ChainLink Link, long Tokens)> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CallOrigin origin, CancellationToken cancellationToken)
    {
        await journal.RefuseInReplayAsync(origin, "embeddings", cancellationToken);
        var chain = await directory.FindAsync(model, cancellationToken);
        var estimates = texts.Select(TokenEstimate.Of).ToList();
        var passed = new List<(ChainLink Link, ModelFailure Failure)>();
        foreach (var link in chain.Links)
        {
            try
            {
                return await EmbedAsync(link, texts, dimensions, estimates, origin, cancellationToken);
            }
            catch (ModelFailure failure) when (failure.AllowsOther && chain.Links.Count > 1)
            {
                passed.Add((link, failure));
                LogPassed(chain.Name, link.Model.Name, failure.Code, failure.Message);
            }
        }

        throw None(chain, passed);
    }

    private async Task<(Vectors Vectors, ChainLink Link, long Tokens)> EmbedAsync(
        ChainLink link, IReadOnlyList<string> texts, int? dimensions, List<TokenEstimate> estimates, CallOrigin origin, CancellationToken cancellationToken)
    {
        var reservation = await book.ReserveAsync(link, origin, estimates.Sum(estimate => estimate.Most), 0, cancellationToken);
        try
        {
            var vectors = await WithBreakerAsync(
                link.Provider,
                async token =>
                {
                    using var patience = new CancellationTokenSource(link.Provider.Entry.Timeout, time);
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, token);
                    try
                    {
                        return await link.Provider.Provider.EmbedAsync(link.Model.ProviderModel, texts, dimensions, either.Token);
                    }
                    catch (OperationCanceledException late) when (!token.IsCancellationRequested)
                    {
                        throw TooLate(link.Provider.Entry, link.Provider.Entry.Timeout, "the whole answer", late);
                    }
                },
                cancellationToken);
            link.Provider.Breaker.Succeed();
            var tokens = vectors.PromptTokens ?? estimates.Sum(estimate => estimate.Likely);
            await book.SettleAsync(reservation, link.Model, new TokenUse(tokens, 0, vectors.PromptTokens is null));
            return (vectors, link, tokens);
        }
        catch (Exception)
        {
            await book.ReleaseAsync(reservation);
            throw;
        }
    }

    private async Task<ProviderAnswer> AskAsync(
        ModelChain chain,
        ChainLink link,
        ChatCall chat,
        TokenEstimate estimate,
        CallOrigin origin,
        List<(ChainLink Link, ModelFailure Failure)> passed,
        Func<ChainLink, AnswerPart, Task> seen,
        CancellationToken cancellationToken)
    {
        var ability = link.Model.ContextTokens is null || chat.Tools.Count > 0 ? await link.Provider.AbilityAsync(link.Model.ProviderModel, cancellationToken) : null;
        var context = link.Model.ContextTokens ?? ability?.ContextTokens;
        var output = OutputOf(link, chat, estimate, context);
        var reservation = await book.ReserveAsync(link, origin, estimate.Most, output, cancellationToken);
        var answer = new ProviderAnswer(link, DecisionOf(chain, link, passed), estimate, use => book.SettleAsync(reservation, link.Model, use), link.Provider, time)
        {
            Seen = part => seen(link, part),
            Finished = (use, failure, took, first) => LogAnswered(
                link.Model.Name, chain.Name, origin.Caller, origin.Workflow, origin.Stage, origin.Attempt, failure?.Code ?? "answered", (long)took.TotalMilliseconds, (long)first.TotalMilliseconds,
                use.Prompt, use.Completion, BudgetBook.Dollars(link.Model.Price!.Of(use.Prompt, use.Completion)), DecisionOf(chain, link, passed)),
        };
        try
        {
            await TakePlaceAsync(link.Provider, answer, cancellationToken);
            await OpenAsync(answer, new ProviderCall(link.Model.ProviderModel, chat, estimate, context, output), ability, cancellationToken);
            return answer;
        }
        catch (Exception failure)
        {
            // Tool calls and texts that may be some are held until they are whole: nothing was given away, and yet it is paid for.
            await (await answer.AbandonAsync(failure as ModelFailure) is { } used ? book.SettleAsync(reservation, link.Model, used) : book.ReleaseAsync(reservation));
            throw;
        }
    }

    // From rung to rung, when the server says that the model does not take tools this way.
    private async Task OpenAsync(ProviderAnswer answer, ProviderCall call, ModelAbility? ability, CancellationToken cancellationToken)
    {
        var provider = answer.Link.Provider;
        for (var rung = provider.RungOf(answer.Link.Model, ability); ;)
        {
            try
            {
                var current = rung;
                await WithBreakerAsync(
                    provider,
                    async token =>
                    {
                        var prepared = ToolLadder.Prepare(call.Chat, current);
                        var asked = call with { Chat = prepared, Estimate = ReferenceEquals(prepared, call.Chat) ? call.Estimate : prepared.Estimate(), Heard = answer.Hear };
                        var parts = WatchAsync(provider.Provider.AnswerAsync(asked, CancellationToken.None), answer, token);
                        await answer.BeginAsync(ToolLadder.ReadAsync(parts, call.Chat, current, CancellationToken.None));
                        return true;
                    },
                    cancellationToken);
                return;
            }
            catch (ModelFailure failure) when (failure.IsAboutTools && call.Chat.Tools.Count > 0 && provider.Descend(answer.Link.Model, rung) is { } next)
            {
                LogDescends(answer.Link.Model.Name, rung, next, failure.Message);
                rung = next;
            }
        }
    }

    private static Task<T> WithBreakerAsync<T>(ActiveProvider provider, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => provider.Retry.ExecuteAsync(
        async token =>
        {
            if (provider.Breaker.Enter() is { } wait)
            {
                throw new ModelFailure(
                    FailureKind.Resting,
                    string.Create(CultureInfo.InvariantCulture, $"Provider '{provider.Entry.Name}' at {provider.Entry.Url} failed {provider.Entry.Failures} times in a row and is left alone for another {Math.Ceiling(wait.TotalSeconds):0} s. Look at it, or add a fallback."))
                {
                    RetryAfter = wait,
                };
            }

            try
            {
                return await work(token);
            }
            catch (ModelFailure failure) when (failure.IsFault)
            {
                provider.Breaker.Fail(provider.Entry.Failures, provider.Entry.CoolDown);
                throw;
            }
            catch (ModelFailure)
            {
                provider.Breaker.Succeed();
                throw;
            }
            catch (Exception)
            {
                // The client left, or it is our own mistake: whoever tries next is not to wait for this call.
                provider.Breaker.Forget();
                throw;
            }
        },
        cancellationToken).AsTask();

    private async Task TakePlaceAsync(ActiveProvider provider, ProviderAnswer answer, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(provider.Entry.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await provider.Places.WaitAsync(either.Token);
            answer.HasPlace = true;
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooLate(provider.Entry, provider.Entry.Timeout, $"a place (it takes {provider.Entry.Parallel} calls at once, 'parallel')", late);
        }
    }

    /// <summary>Passes parts on, counts them, and ends the wait for one that does not come.</summary>
    private async IAsyncEnumerable<AnswerPart> WatchAsync(IAsyncEnumerable<AnswerPart> source, ProviderAnswer answer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var entry = answer.Link.Provider.Entry;
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var began = time.GetTimestamp();
        await using var parts = source.GetAsyncEnumerator(either.Token);
        while (true)
        {
            var left = entry.Timeout - time.GetElapsedTime(began);
            var isWhole = left < entry.FirstTokenTimeout;
            patience.CancelAfter(isWhole ? (left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1)) : entry.FirstTokenTimeout);
            bool more;
            try
            {
                more = await parts.MoveNextAsync();
            }
            catch (OperationCanceledException late) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw isWhole ? TooLate(entry, entry.Timeout, "the whole answer ('timeout')", late) : TooLate(entry, entry.FirstTokenTimeout, "the next part of the answer ('first_token_timeout')", late);
            }

            if (!more)
            {
                yield break;
            }

            answer.Hear(parts.Current);
            yield return parts.Current;
        }
    }

    private static IEnumerable<ChainLink> Ordered(ModelChain chain, ChatCall chat) =>
        chain.IsAlias && IsComplex(chat) && chain.Rules.Contains(EscalationRule.Complex) ? chain.Links.OrderBy(link => link.Provider.Entry.IsLocal ? 1 : 0) : chain.Links;

    private static bool IsComplex(ChatCall chat) => chat.Metadata?.GetValueOrDefault("complexity") is "complex";

    private static void CheckEscalation(ModelChain chain, ChainLink link, ChatCall chat, List<(ChainLink Link, ModelFailure Failure)> passed)
    {
        if (!chain.IsAlias || link.Provider.Entry.IsLocal || chain.Links.All(other => !other.Provider.Entry.IsLocal) || (IsComplex(chat) && chain.Rules.Contains(EscalationRule.Complex)))
        {
            return;
        }

        var rule = passed.LastOrDefault(entry => entry.Link.Provider.Entry.IsLocal).Failure?.Kind switch
        {
            FailureKind.ContextTooLong or FailureKind.ContextTruncated => EscalationRule.Context,
            FailureKind.Refused or FailureKind.ModelMissing => EscalationRule.Capability,
            _ => EscalationRule.Failure,
        };
        if (!chain.Rules.Contains(rule))
        {
            throw new ModelFailure(
                passed.Count > 0 ? passed[^1].Failure.Kind : FailureKind.Refused,
                $"'{link.Model.Name}' is not local, and '{chain.Name}' does not leave local models for this reason ({rule.ToString().ToLowerInvariant()}). Add it to 'aliases.{chain.Name}.escalate_on'.");
        }
    }

    private static int OutputOf(ChainLink link, ChatCall chat, TokenEstimate estimate, int? context)
    {
        var wanted = chat.MaxTokens ?? link.Model.MaxOutput;
        if (context is not { } size)
        {
            return wanted;
        }

        var least = Math.Min(wanted, LeastOutput);
        return estimate.Most + least > size
            ? throw new ModelFailure(
                FailureKind.ContextTooLong,
                string.Create(CultureInfo.InvariantCulture, $"The conversation may have {estimate.Most} tokens and the answer needs room for {least}; the context of '{link.Model.Name}' is {size}. Send less, or use a model with a larger context."))
            {
                Parameter = "messages",
            }
            : (int)Math.Min(wanted, size - estimate.Most);
    }

    private static string DecisionOf(ModelChain chain, ChainLink link, List<(ChainLink Link, ModelFailure Failure)> passed) =>
        string.Join("; ", passed.Select(entry => $"{entry.Link.Model.Name}: {entry.Failure.Code}").Append($"{link.Model.Name} of {link.Provider.Entry.Name}{(chain.IsAlias ? $" for {chain.Name}" : "")}"));

    private static ModelFailure None(ModelChain chain, List<(ChainLink Link, ModelFailure Failure)> passed)
    {
        if (passed.Count == 0)
        {
            return new ModelFailure(FailureKind.ModelMissing, $"'{chain.Name}' has no model that is there now. Add one to its chain, or start the provider whose models it names.") { Parameter = "model" };
        }

        // What may pass by itself goes before what a person has to change: who waits then is right more often.
        var first = passed.Select(entry => entry.Failure).OrderBy(failure => failure.Kind switch
        {
            FailureKind.Unavailable or FailureKind.TimedOut or FailureKind.Cut or FailureKind.Unreadable or FailureKind.Resting or FailureKind.Throttled => 0,
            FailureKind.BudgetExhausted => 1,
            FailureKind.PriceUnknown => 2,
            _ => 3,
        }).First();
        return new ModelFailure(first.Kind, $"No model of '{chain.Name}' answered. {string.Join(' ', passed.Select(entry => $"{entry.Link.Model.Name}: {entry.Failure.Message}"))}", first)
        {
            RetryAfter = first.RetryAfter,
            Parameter = first.Parameter,
        };
    }

    private static ModelFailure TooLate(ProviderEntry entry, TimeSpan limit, string what, Exception late) =>
        new(FailureKind.TimedOut, $"Provider '{entry.Name}' at {entry.Url} did not give {what} within {Contracts.DurationText.Format(limit)}.", late);

    [LoggerMessage(Level = LogLevel.Information, Message = "Chain {Chain} goes past {Model}: {Code}. {Reason}")]
    private partial void LogPassed(string chain, string model, string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} does not take tools as {Rung}; they are offered as {Next} from now on. {Reason}")]
    private partial void LogDescends(string model, ToolRung rung, ToolRung next, string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Model {Model} (asked for {Asked}) for {Caller}, workflow {Workflow}, stage {Stage}, attempt {Attempt}: {Outcome} after {Milliseconds} ms, first part after {FirstMilliseconds} ms, {Prompt} + {Completion} tokens, {Cost}. {Decision}")]
    private partial void LogAnswered(
        string model, string asked, string caller, string? workflow, string? stage, string? attempt, string outcome, long milliseconds, long firstMilliseconds, long prompt, long completion, string cost, string decision);
}
