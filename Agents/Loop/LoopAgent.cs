using Stack.Agents.Loop.Backends;
using Stack.Agents.Loop.Native;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>Lets a backend work on the workspace again and again until the evidence suffices, a limit is hit or nothing changes any more.</summary>
/// <param name="catalog">The programs that can be backends.</param>
internal sealed class LoopAgent(BackendCatalog catalog) : IAgent
{
    /// <inheritdoc />
    public string Type => "loop";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var settings = LoopSettings.Of(context);
        var chat = new LoopChat(context);
        var run = new LoopRun(context, new LoopPlan
        {
            Settings = settings,
            Task = context.Task.WorkflowContext.Requirements,
            Chat = chat,
            Backend = BackendOf(settings, chat, context),
            Checks = token => LoopEvidence.RunAsync(context, settings.Checks!, settings.CommandTimeout!.Value, token),
        });
        try
        {
            return OutcomeOf(await run.RunAsync(cancellationToken), run, settings);
        }
        catch (LaterException later)
        {
            return later.ToOutcome();
        }
        catch (AgentFailure failure) when (failure.Error.Category is ErrorCategory.Limit)
        {
            // A budget: what was made so far is kept, also of the iteration that it cut short, with its own reason.
            await context.Workspace.CommitAsync($"Work of an iteration that was cut short: {failure.Error.Code}", allowEmpty: false, cancellationToken);
            var output = LoopOutput.Of(run, settings, failure.Error.Code, summary: null) with { Commit = await context.Workspace.HeadAsync(cancellationToken) };
            return new StageOutcome.Failed { Error = failure.Error, Output = JsonPayload.From(output) };
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> DetectCapabilitiesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([LoopSettings.Native]);

    private ILoopBackend BackendOf(LoopSettings settings, LoopChat chat, AgentContext context) => settings.Backend == LoopSettings.Native
        ? new NativeBackend(chat, new WorkspaceTools(context.Workspace, context.Processes, settings.CommandTimeout!.Value), LoopPrompt.Instructions, settings.MaxTurns!.Value, context.Log)
        : new ProgramBackend(settings.Backend!, catalog.Require(settings.Backend!), context);

    private static StageOutcome OutcomeOf(LoopEnding ending, LoopRun run, LoopSettings settings) => ending switch
    {
        LoopEnding.Done done => new StageOutcome.Completed { Output = JsonPayload.From(LoopOutput.Of(run, settings, "success", done.Summary)) },
        LoopEnding.Ended ended => new StageOutcome.Failed { Error = ended.Error, Output = JsonPayload.From(LoopOutput.Of(run, settings, ended.Error.Code, summary: null)) },
        LoopEnding.Asks asks => asks.Outcome,
        LoopEnding.NoModel none => new StageOutcome.Failed { Error = ModelRequired(settings.Model!, none.Answer.Decision) },
        _ => throw new InvalidOperationException("An ending of a loop that is not known."),
    };

    private static StructuredError ModelRequired(string model, string decision) => new()
    {
        Code = "model_required",
        Message = $"'{model}' has no language model that answers ({decision}), and the generator of templates cannot work in a loop.",
        Category = ErrorCategory.Configuration,
        Class = FailureClass.Unproductive,
        SuggestedAction = "Start Ollama with a model, or configure one in the gateway's file, and retry; or use a backend that is a program.",
    };
}

/// <summary>What a loop leaves: also when it did not get there.</summary>
internal sealed record LoopOutput
{
    /// <summary>Why it stopped: <c>success</c>, <c>iterations_exhausted</c>, <c>budget_exhausted</c>, <c>no_progress</c>.</summary>
    public required string CompletionReason { get; init; }

    /// <summary>Who did the work.</summary>
    public required string Backend { get; init; }

    /// <summary>The models that answered.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>What the backend said last.</summary>
    public string? Summary { get; init; }

    /// <summary>Iterations that counted.</summary>
    public int Iterations { get; init; }

    /// <summary>How many there may be.</summary>
    public int Limit { get; init; }

    /// <summary>Why so many.</summary>
    public string? LimitReason { get; init; }

    /// <summary>Iterations that changed the evidence.</summary>
    public int Productive { get; init; }

    /// <summary>Iterations that did not.</summary>
    public int Unproductive { get; init; }

    /// <summary>Failures of models and networks, which did not count.</summary>
    public int Interruptions { get; init; }

    /// <summary>The commit that holds the work.</summary>
    public string? Commit { get; init; }

    /// <summary>Files that differ from where the loop started.</summary>
    public int FilesChanged { get; init; }

    /// <summary>How the checks ended last.</summary>
    public IReadOnlyList<IterationCheck> Checks { get; init; } = [];

    /// <summary>Puts it together.</summary>
    public static LoopOutput Of(LoopRun run, LoopSettings settings, string reason, string? summary)
    {
        var last = run.Records.Count > 0 ? run.Records[^1] : null;
        return new LoopOutput
        {
            CompletionReason = reason,
            Backend = settings.Backend!,
            Models = [.. run.Records.Select(record => record.Model).OfType<string>().Distinct()],
            Summary = summary ?? last?.Summary,
            Iterations = run.Records.Count,
            Limit = run.Most,
            LimitReason = run.Limit?.Reason,
            Productive = run.Records.Count(record => record.Class is FailureClass.Productive),
            Unproductive = run.Records.Count(record => record.Class is FailureClass.Unproductive),
            Interruptions = run.Records.Sum(record => record.Interruptions),
            Commit = last?.Commit,
            FilesChanged = last?.FilesChanged ?? 0,
            Checks = last?.Checks ?? [],
        };
    }
}
