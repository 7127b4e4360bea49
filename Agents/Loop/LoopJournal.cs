using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>What a loop has behind it, in the stage's durable steps: every attempt at the stage reads it first and goes on from there.</summary>
internal sealed class LoopJournal
{
    private readonly AgentContext _context;
    private readonly string _prefix;
    private readonly List<IterationRecord> _records;

    private LoopJournal(AgentContext context, string prefix, List<IterationRecord> records) => (_context, _prefix, _records) = (context, prefix, records);

    /// <summary>The iterations that counted, in order.</summary>
    public IReadOnlyList<IterationRecord> Records => _records;

    /// <summary>The last iteration. Null: there was none.</summary>
    public IterationRecord? Last => _records.Count > 0 ? _records[^1] : null;

    /// <summary>Reads what is there. When the stage runs again on other ground than before (someone retried from an earlier stage), the loop begins anew.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<LoopJournal> OpenAsync(AgentContext context, CancellationToken cancellationToken)
    {
        for (var line = 1; ; line++)
        {
            var prefix = line == 1 ? "" : FormattableString.Invariant($"line-{line}-");
            var records = new List<IterationRecord>();
            while (await context.FindStepAsync<IterationRecord>(prefix + IterationRecord.NameOf(records.Count + 1), cancellationToken) is { } record)
            {
                records.Add(record);
            }

            if (records.Count == 0 || await IsOnGroundAsync(context, records[0].StartCommit, cancellationToken))
            {
                return new LoopJournal(context, prefix, records);
            }
        }
    }

    /// <summary>Journals an iteration. Durable on return.</summary>
    public async Task AddAsync(IterationRecord record, CancellationToken cancellationToken) =>
        _records.Add(await _context.RecordStepAsync(_prefix + IterationRecord.NameOf(record.Number), record, cancellationToken));

    /// <summary>The name of the durable step of a model call in the iteration that comes.</summary>
    /// <param name="turn">The call, from 1.</param>
    public string StepOf(int turn) => FormattableString.Invariant($"{_prefix}{IterationRecord.NameOf(_records.Count + 1)}/{turn}");

    /// <summary>Decides something once for all attempts.</summary>
    public Task<T> OnceAsync<T>(string name, Func<CancellationToken, Task<T>> decide, CancellationToken cancellationToken) =>
        _context.StepAsync(_prefix + name, input: null, decide, cancellationToken);

    /// <summary>Notes that the loop stops here, so that whoever is started again knows that a person wants it.</summary>
    public Task StopAsync(string reason, CancellationToken cancellationToken) => _context.RecordStepAsync(StopName, new StopNote(reason), cancellationToken);

    /// <summary>Whether the loop stopped here before.</summary>
    public async Task<bool> StoppedHereAsync(CancellationToken cancellationToken) => await _context.FindStepAsync<StopNote>(StopName, cancellationToken) is not null;

    /// <summary>The answer of a person to a question. Null: the question has to be asked now.</summary>
    /// <param name="question">Which.</param>
    /// <param name="after">The iteration after which it is asked.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Answer?> AnswerAsync(string question, int after, CancellationToken cancellationToken)
    {
        var name = FormattableString.Invariant($"{_prefix}answer-{question}-{after}");
        if (await _context.FindStepAsync<Answer>(name, cancellationToken) is { } known)
        {
            return known;
        }

        // A decision that was there when the question was noted belongs to an earlier question.
        var note = FormattableString.Invariant($"{_prefix}question-{question}-{after}");
        var asked = await _context.FindStepAsync<Question>(note, cancellationToken);
        if (asked is not null && _context.Task.Approval is { Approved: true } decision && decision.DecidedAt != asked.DecidedBefore)
        {
            return await _context.RecordStepAsync(name, new Answer(decision.DecidedBy, decision.Comment), cancellationToken);
        }

        if (asked is null)
        {
            await _context.RecordStepAsync(note, new Question(_context.Task.Approval?.DecidedAt), cancellationToken);
        }

        return null;
    }

    private string StopName => FormattableString.Invariant($"{_prefix}stopped-{_records.Count}");

    private static async Task<bool> IsOnGroundAsync(AgentContext context, string? start, CancellationToken cancellationToken)
    {
        if (start is null || start == context.Workspace.BaseCommit)
        {
            return true;
        }

        return context.Workspace.BaseCommit is { } current
            && await context.Workspace.HasAsync(start, cancellationToken)
            && (await context.Workspace.TryGitAsync(["merge-base", "--is-ancestor", start, current], cancellationToken)).Succeeded;
    }

    /// <summary>What a person answered.</summary>
    /// <param name="By">Who.</param>
    /// <param name="Comment">What they added. Null: nothing.</param>
    internal sealed record Answer(string By, string? Comment);

    private sealed record Question(DateTimeOffset? DecidedBefore);

    private sealed record StopNote(string Reason);
}
