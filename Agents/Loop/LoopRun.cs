using Stack.Agents.Loop.Backends;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>What a loop is about.</summary>
internal sealed record LoopPlan
{
    /// <summary>The settings, with their defaults filled in.</summary>
    public required LoopSettings Settings { get; init; }

    /// <summary>What is to be done, in the words of the person.</summary>
    public required string Task { get; init; }

    /// <summary>Who does it.</summary>
    public required ILoopBackend Backend { get; init; }

    /// <summary>Asks models.</summary>
    public required LoopChat Chat { get; init; }

    /// <summary>Runs the checks.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<IterationCheck>>> Checks { get; init; }

    /// <summary>Texts that go along with model calls.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the generator of templates will do when no model answers. False: it is waited for a model that is away.</summary>
    public bool AcceptsBuiltin { get; init; }
}

/// <summary>
/// Iterations of a backend until the evidence suffices, a limit is hit or nothing changes any more. After each iteration the work is pushed and the iteration journaled, so that a later
/// attempt goes on there. What is not the loop's fault is waited for and never counted.
/// </summary>
/// <param name="context">The attempt.</param>
/// <param name="plan">What it is about.</param>
internal sealed class LoopRun(AgentContext context, LoopPlan plan)
{
    private const int MostSummary = 2_000;

    private LoopJournal _journal = null!;
    private IterationLimit _limit = null!;
    private string? _notice;

    /// <summary>The iterations so far.</summary>
    public IReadOnlyList<IterationRecord> Records => _journal.Records;

    /// <summary>How many iterations there may be, and why.</summary>
    public IterationLimit Limit => _limit;

    /// <summary>How many iterations there may be, with what people granted.</summary>
    public int Most => _limit.Limit + context.Task.ExtraIterations;

    private LoopSettings Settings => plan.Settings;

    /// <summary>Goes on from the last checkpoint to an end.</summary>
    /// <exception cref="LaterException">The attempt has to be made again later.</exception>
    public async Task<LoopEnding> RunAsync(CancellationToken cancellationToken)
    {
        _journal = await LoopJournal.OpenAsync(context, cancellationToken);
        await LoopEvidence.LeaveOutLeftoversAsync(context.Workspace, cancellationToken);
        if (Settings.RequireApproval is true && await _journal.AnswerAsync("start", 0, cancellationToken) is null)
        {
            return new LoopEnding.Asks(new StageOutcome.NeedsApproval { Prompt = $"May the loop start? {FirstLine(plan.Task)}", Effect = JsonPayload.From(new { kind = "task", task = plan.Task, backend = Settings.Backend, max_iterations = Settings.MaxIterations }) });
        }

        _limit = await _journal.OnceAsync("limit", async token => IterationLimit.Of(
            Settings.MaxIterations!.Value, plan.Task, Settings.MaxIterations == LoopSettings.Adaptive ? await IterationLimit.HistoryAsync(context, token) : null), cancellationToken);
        context.Log($"limit of iterations: {_limit.Reason}{(context.Task.ExtraIterations > 0 ? $" And {context.Task.ExtraIterations} more were granted." : "")}");
        await RestoreAsync(cancellationToken);
        if (context.Task.PreviousError is { Code: "not_verified" } refusal)
        {
            _notice = $"It was said that the work is done, and whoever checked it does not agree. {refusal.Message}\n{refusal.Details}";
        }

        var resumed = await _journal.StoppedHereAsync(cancellationToken);
        while (_journal.Records.Count < Most)
        {
            if (await IterateAsync(resumed, cancellationToken) is { } ending)
            {
                return ending;
            }

            resumed = false;
        }

        return new LoopEnding.Ended(new StructuredError
        {
            Code = "iterations_exhausted",
            Message = $"The loop used all its {Most} iterations; the work is not done. {LastWord()}",
            Category = ErrorCategory.Limit,
            Class = FailureClass.Productive,
            SuggestedAction = $"Go on from here with more: stack resume {context.Task.TaskId.WorkflowId} --iterations +10",
        });
    }

    private async Task<LoopEnding?> IterateAsync(bool resumed, CancellationToken cancellationToken)
    {
        var (pivot, otherModel) = PivotLadder.Of(_journal.Records, Settings.StallAfter!.Value, Settings.PivotModel is not null && Settings.PivotModel != Settings.Model, Settings.Ask is true, resumed);
        string? guidance = null;
        switch (pivot)
        {
            case Pivot.Stop:
                await _journal.StopAsync("no_progress", cancellationToken);
                return new LoopEnding.Ended(NoProgress());
            case Pivot.Question:
                if (await _journal.AnswerAsync("stalled", QuestionAt(), cancellationToken) is not { } answer)
                {
                    return new LoopEnding.Asks(Question());
                }

                guidance = answer.Comment;
                break;
        }

        var number = _journal.Records.Count + 1;
        context.Report(Math.Min(99, 100 * (number - 1) / Most), $"iteration {number} of at most {Most}{(pivot is Pivot.None ? "" : $", pivot: {WordOf(pivot)}")}", number);
        var interruptions = plan.Chat.Interruptions;
        var pass = await plan.Backend.RunAsync(
            new PassRequest
            {
                Iteration = number,
                Prompt = LoopPrompt.Of(plan.Task, Settings, _journal.Records, pivot, guidance, _notice),
                Model = otherModel ? Settings.PivotModel! : Settings.Model!,
                StepOf = _journal.StepOf,
                Metadata = plan.Metadata.Append(KeyValuePair.Create("complexity", _limit.Complexity)).ToDictionary(),
            },
            cancellationToken);
        if (pass.Builtin is { } builtin)
        {
            return await NoModelAsync(builtin, cancellationToken);
        }

        _notice = null;
        return await CheckpointAsync(number, pass, pivot, resumed, plan.Chat.Interruptions - interruptions, cancellationToken);
    }

    // Keeps the work first and says so afterwards: what is journaled is on the attempt's branch.
    private async Task<LoopEnding?> CheckpointAsync(int number, Pass pass, Pivot pivot, bool resumed, int interruptions, CancellationToken cancellationToken)
    {
        var start = _journal.Records.Count > 0 ? _journal.Records[0].StartCommit : context.Workspace.BaseCommit;
        await context.Workspace.CommitAsync($"Iteration {number}: {FirstLine(pass.Summary.Length > 0 ? pass.Summary : pass.Problem ?? "no word")}", allowEmpty: false, cancellationToken);
        var evidence = await LoopEvidence.MeasureAsync(context, start, plan.Checks, cancellationToken);
        await context.Workspace.PushAsync(cancellationToken);
        var isNew = _journal.Records.All(record => record.Evidence != evidence.Text) && (_journal.Records.Count > 0 || evidence.FilesChanged.Count > 0);
        await _journal.AddAsync(
            new IterationRecord
            {
                Number = number,
                Class = isNew ? FailureClass.Productive : FailureClass.Unproductive,
                Commit = evidence.Commit,
                StartCommit = start,
                Evidence = evidence.Text,
                Summary = Shorten(pass.Summary),
                ClaimsDone = pass.ClaimsDone,
                Problem = pass.Problem,
                Model = pass.Model,
                ModelCalls = pass.ModelCalls,
                ToolCalls = pass.ToolCalls,
                Interruptions = interruptions,
                FilesChanged = evidence.FilesChanged.Count,
                Checks = evidence.Checks,
                Pivot = pivot is Pivot.None ? null : WordOf(pivot),
                Resumed = resumed,
                At = context.Time.GetUtcNow(),
            },
            cancellationToken);
        context.Log($"iteration {number}: {(isNew ? "productive" : "unproductive")}, {evidence.FilesChanged.Count} files changed, {evidence.Checks.Count(check => check.Passed)} of {evidence.Checks.Count} checks pass");
        return pass.ClaimsDone && evidence.Suffices ? new LoopEnding.Done(pass.Summary, evidence) : null;
    }

    // The chain of an alias may end at the generator of templates, which cannot do the work: because its models are away, or because there are none.
    private async Task<LoopEnding?> NoModelAsync(BuiltinAnswer builtin, CancellationToken cancellationToken)
    {
        var wasThere = _journal.Records.Any(record => record.Model is not null);
        var isAway = builtin.Decision.Contains(": provider_", StringComparison.Ordinal);
        if (!wasThere && (plan.AcceptsBuiltin || !isAway))
        {
            return new LoopEnding.NoModel(builtin);
        }

        await plan.Chat.WaitAsync(
            new StructuredError
            {
                Code = "model_away",
                Message = $"No language model of '{Settings.Model}' answers ({builtin.Decision}).",
                Category = ErrorCategory.Dependency,
                Class = FailureClass.Infrastructure,
                RetryAfterMs = 5_000,
            },
            failures: 0,
            cancellationToken);
        await RestoreAsync(cancellationToken);
        return null;
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        var workspace = context.Workspace;
        if ((_journal.Last?.Commit ?? workspace.BaseCommit) is not { } commit)
        {
            return;
        }

        await workspace.RestoreAsync(commit, cancellationToken);
        if (_journal.Last is { } last)
        {
            context.Log($"goes on after iteration {last.Number}, at {commit}");
        }

        if (workspace.BaseCommit is { } current && !(await workspace.TryGitAsync(["merge-base", "--is-ancestor", current, commit], cancellationToken)).Succeeded)
        {
            await MergeAsync(current, cancellationToken);
        }
    }

    // Other stages' work came in meanwhile. A conflict is work like any other: the files get their marks, and the backend is told.
    private async Task MergeAsync(string current, CancellationToken cancellationToken)
    {
        var merge = await context.Workspace.TryGitAsync(["merge", "--no-edit", "--no-verify", "--message", context.Workspace.WithTrailers("Merge what others made"), current], cancellationToken);
        if (!merge.Succeeded)
        {
            var files = await context.Workspace.GitAsync(["diff", "--name-only", "--diff-filter=U"], cancellationToken);
            await context.Workspace.CommitAsync("Merge what others made, with conflicts to resolve", allowEmpty: true, cancellationToken);
            _notice = $"Others changed the same files. Resolve the conflict marks in: {files.Replace('\n', ' ')}";
        }
    }

    private StructuredError NoProgress() => new()
    {
        Code = "no_progress",
        Message = $"The last {_journal.Records.Reverse().TakeWhile(record => record.Class is FailureClass.Unproductive).Count()} iterations changed nothing, and neither did other instructions{(Settings.PivotModel is null ? "" : ", another model")}{(Settings.Ask is true ? ", an answer of a person" : "")}. {LastWord()}",
        Category = ErrorCategory.Execution,
        Class = FailureClass.Unproductive,
        Retryable = false,
        SuggestedAction = $"Look at what the loop says, make the task clearer or its checks weaker, or let it go on: stack resume {context.Task.TaskId.WorkflowId} --iterations +10",
    };

    private StageOutcome.NeedsApproval Question() => new()
    {
        Prompt = $"The loop does not get on: nothing changed for a while. {LastWord()} Approve to let it go on (a comment becomes its instruction), reject to end it.",
        Effect = JsonPayload.From(new { kind = "clarification", task = plan.Task, iteration = _journal.Records.Count, last_problem = _journal.Last?.Problem, last_summary = _journal.Last?.Summary }),
    };

    // The iteration after which the question was asked that stands now.
    private int QuestionAt() => _journal.Records.Count - _journal.Records.Reverse().TakeWhile(record => record.Pivot == WordOf(Pivot.Question)).Count();

    private string LastWord() => _journal.Last switch
    {
        null => "",
        { Checks: var checks } when checks.FirstOrDefault(check => !check.Passed) is { } failed => $"The check '{failed.Command}' fails with exit code {failed.ExitCode}.",
        { Problem: { } problem } => FirstLine(problem),
        { ClaimsDone: true, FilesChanged: 0 } => "It says that it is done, but no file was changed.",
        { Summary: { Length: > 0 } summary } => $"It said: {FirstLine(summary)}",
        _ => "",
    };

    private static string WordOf(Pivot pivot) => pivot.ToString().ToLowerInvariant();

    private static string Shorten(string text) => text.Length > MostSummary ? text[..MostSummary] + "…" : text;

    private static string FirstLine(string text)
    {
        var line = text.Trim().Split('\n', 2)[0].Trim();
        return line.Length > 120 ? line[..120] + "…" : line;
    }
}

/// <summary>How a loop ended, for now. A closed union.</summary>
internal abstract record LoopEnding
{
    private LoopEnding()
    {
    }

    /// <summary>The evidence suffices.</summary>
    /// <param name="Summary">What the backend said last.</param>
    /// <param name="Evidence">The evidence.</param>
    internal sealed record Done(string Summary, LoopEvidence Evidence) : LoopEnding;

    /// <summary>A limit was hit, or nothing changes any more.</summary>
    /// <param name="Error">Which.</param>
    internal sealed record Ended(StructuredError Error) : LoopEnding;

    /// <summary>A person has to decide.</summary>
    /// <param name="Outcome">The question.</param>
    internal sealed record Asks(StageOutcome.NeedsApproval Outcome) : LoopEnding;

    /// <summary>There is no language model; the generator of templates answered.</summary>
    /// <param name="Answer">What it said.</param>
    internal sealed record NoModel(BuiltinAnswer Answer) : LoopEnding;
}
