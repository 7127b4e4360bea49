using System.Collections.Concurrent;
using System.Globalization;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>Asks a provider; the function is given each part of the answer before anybody else.</summary>
internal delegate Task<ProviderAnswer> AskProvider(string model, Func<ChainLink, AnswerPart, Task> seen, CancellationToken cancellationToken);

/// <summary>
/// Stands between calls and providers: what a stage was answered once it is answered again for nothing, whichever attempt asks. Only calls that name their workflow and stage are journaled.
/// An answer is durable before its end is given away, and before it is booked.
/// </summary>
internal sealed partial class CallJournal(IModelJournal journal, WorkflowOrigins workflows, TimeProvider time, ILogger<CallJournal> logger)
{
    private readonly ConcurrentDictionary<ModelCallKey, CallFlight> _flights = new();
    private readonly OccurrenceBook _occurrences = new();

    /// <summary>Answers a call from the journal, or by asking.</summary>
    /// <param name="model">The model or alias that is asked for.</param>
    /// <param name="chat">The conversation.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="ask">Asks a provider.</param>
    /// <param name="cancellationToken">Ends the work; the answer too.</param>
    /// <exception cref="ModelFailure">Nobody answered.</exception>
    public async Task<Answer> OpenAsync(string model, ChatCall chat, CallOrigin origin, AskProvider ask, CancellationToken cancellationToken)
    {
        if (origin.Stage is not { } stage || !WorkflowId.TryParse(origin.Workflow, CultureInfo.InvariantCulture, out var id) || await workflows.FindAsync(id, cancellationToken) is not { } known)
        {
            return await ask(model, static (_, _) => Task.CompletedTask, cancellationToken);
        }

        var asked = known.Origin?.Model ?? model;
        var request = JournaledRequest.Of(id, asked, chat);
        var step = origin.Step ?? "";
        var attempt = int.TryParse(origin.Attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var call = $"{step}\n{request.Hash}";
        var key = new ModelCallKey(id, stage, step, request.Hash, _occurrences.Count(id, stage, attempt, call));
        var work = new Work(key, attempt, asked, model, request, ask);
        return await Join(key, token => known.IsReplay ? ReplayAsync(work, known.Origin!, token) : AnswerAsync(work, token))
            .ReadAsync(() => _occurrences.End(id, stage, attempt, call, key.Occurrence), cancellationToken);
    }

    /// <summary>Refuses what a replay cannot have: only conversations are journaled.</summary>
    /// <param name="origin">Who asks.</param>
    /// <param name="what">What is asked for.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RefuseInReplayAsync(CallOrigin origin, string what, CancellationToken cancellationToken)
    {
        if (WorkflowId.TryParse(origin.Workflow, null, out var id) && await workflows.FindAsync(id, cancellationToken) is { IsReplay: true, Origin: { } of })
        {
            throw new ModelFailure(FailureKind.JournalMiss, $"Workflow {id} replays {of.Of}, and {what} are not journaled. Leave them out of what is replayed.");
        }
    }

    private CallFlight Join(ModelCallKey key, Func<CancellationToken, Task<Answer>> open)
    {
        while (true)
        {
            var mine = new CallFlight(new CancellationTokenSource());
            var flight = _flights.GetOrAdd(key, mine);
            if (ReferenceEquals(flight, mine))
            {
                _ = FlyAsync(key, mine, open);
                return mine;
            }

            if (flight.TryJoin())
            {
                return flight;
            }

            _flights.TryRemove(KeyValuePair.Create(key, flight));
        }
    }

    private async Task FlyAsync(ModelCallKey key, CallFlight flight, Func<CancellationToken, Task<Answer>> open)
    {
        await flight.RunAsync(open);
        _flights.TryRemove(KeyValuePair.Create(key, flight));
    }

    private async Task<Answer> AnswerAsync(Work work, CancellationToken cancellationToken)
    {
        if (await journal.FindCallAsync(work.Key, isGiven: false, cancellationToken) is { } known)
        {
            await journal.CountReplayAsync(work.Key, cancellationToken);
            LogReplayed(work.Key.WorkflowId, work.Key.Stage, work.Attempt, known.Call.Model);
            return Read(known);
        }

        var heard = new HeardAnswer();
        try
        {
            return new RecordedAnswer(await work.Ask(work.Asked, SeeAsync, cancellationToken), work.Decision, failure => RecordFailureAsync(work, failure));
        }
        catch (ModelFailure failure)
        {
            await RecordFailureAsync(work, failure);
            throw;
        }

        async Task SeeAsync(ChainLink link, AnswerPart part)
        {
            if (heard.Add(part) is { } whole)
            {
                var cost = link.Model.Price?.Of(whole.Use.Prompt, whole.Use.Completion) ?? 0;
                await RecordAsync(work, work.Key, JournaledAnswer.Of(whole), link.Model.Name, link.Provider.Entry.Name, cost, replays: 0);
            }
        }
    }

    private async Task<Answer> ReplayAsync(Work work, WorkflowOrigin origin, CancellationToken cancellationToken)
    {
        var (key, id) = (work.Key, work.Key.WorkflowId);
        if (await journal.FindCallAsync(key, isGiven: true, cancellationToken) is { } given)
        {
            if (!await RecordAsync(work, key, given.Answer.To<JournaledAnswer>()!, given.Call.Model, given.Call.Provider, cost: 0, replays: 1))
            {
                await journal.CountReplayAsync(key, cancellationToken);
            }

            return Read(given);
        }

        if (await journal.FindCallAsync(key.OfFailure(), isGiven: true, cancellationToken) is { } failed)
        {
            var answer = failed.Answer.To<JournaledAnswer>()!;
            await RecordAsync(work, key.OfFailure(), answer, failed.Call.Model, failed.Call.Provider, cost: 0, replays: 1);
            throw answer.Failure!.ToFailure();
        }

        var miss = await JournalMiss.DescribeAsync(journal, key, work.Request, origin, cancellationToken);
        LogMissed(id, key.Stage, work.Attempt, miss);
        throw new ModelFailure(FailureKind.JournalMiss, miss);
    }

    private static ReplayedAnswer Read(JournaledCall call) => new(call.Call, JournaledRequest.Recall(call.Call.Key.WorkflowId, call.Answer).To<JournaledAnswer>()!.ToWhole());

    private Task<bool> RecordFailureAsync(Work work, ModelFailure failure) => RecordAsync(
        work, work.Key.OfFailure(), new JournaledAnswer { Failure = new JournaledFailure(failure.Kind.ToString(), failure.Message) }, model: "", provider: "", cost: 0, replays: 0);

    private async Task<bool> RecordAsync(Work work, ModelCallKey key, JournaledAnswer answer, string model, string provider, long cost, int replays)
    {
        var content = JournaledRequest.Forget(key.WorkflowId, JsonPayload.From(answer));
        var call = new ModelCall
        {
            Key = key,
            Attempt = work.Attempt,
            At = time.GetUtcNow(),
            Asked = work.Asked,
            Model = model,
            Provider = provider,
            PromptTokens = answer.PromptTokens,
            CompletionTokens = answer.CompletionTokens,
            CostNano = cost,
            Replays = replays,
            Request = work.Request.Hashes,
            Answer = content.Hash,
        };
        try
        {
            return await journal.RecordCallAsync(call, [.. work.Request.Parts, content], CancellationToken.None);
        }
        catch (Exception away) when (away is StoreUnavailableException or StoreInvariantException)
        {
            // The answer is there and paid for: whoever waits gets it. Asked again, it is paid for again.
            LogNotRecorded(key.WorkflowId, key.Stage, work.Attempt, away);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {Workflow}, stage {Stage}, attempt {Attempt}: a call was answered from the journal, as {Model} answered it before; it costs nothing.")]
    private partial void LogReplayed(WorkflowId workflow, string stage, int attempt, string model);

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {Workflow}, stage {Stage}, attempt {Attempt}: {Miss}")]
    private partial void LogMissed(WorkflowId workflow, string stage, int attempt, string miss);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {Workflow}, stage {Stage}, attempt {Attempt}: an answer could not be journaled; if it is asked for again, it is paid for again.")]
    private partial void LogNotRecorded(WorkflowId workflow, string stage, int attempt, Exception exception);

    /// <summary>A call under way.</summary>
    private sealed record Work(ModelCallKey Key, int Attempt, string Asked, string Wanted, JournaledRequest Request, AskProvider Ask)
    {
        /// <summary>What is to be said before the router's decision. Null: nothing.</summary>
        public string? Decision => Asked == Wanted ? null : $"{Asked} in place of {Wanted}, as the fork says";
    }
}
