using System.Diagnostics;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Replays;

/// <summary>Replays of workflows: the same again without a model, from a workflow that is here or from a recording.</summary>
internal sealed class Replays(IWorkflowStore store, IModelJournal journal, DefinitionCatalog catalog, Recorder recorder, WorkspaceCopy workspaces, Forks forks, TimeProvider time)
{
    /// <summary>Makes the replay of a workflow.</summary>
    public async Task<IResult> ReplayAsync(string id, string by, CancellationToken cancellationToken)
    {
        var (source, problem) = await FindEndedAsync(id, cancellationToken);
        if (source is null)
        {
            return problem!;
        }

        var recording = await recorder.RecordAsync(source, cancellationToken);
        var definition = await catalog.PinnedAsync(source.Header.DefinitionVersion, cancellationToken);
        var taken = source.State.Origin?.TakenOver ?? [];
        var takeovers = taken.Count == 0 ? [] : ForkPlan.Again(source.State, await store.LoadOutputsAsync(source.Header.Id, cancellationToken), taken);
        return await SubmitAsync(recording, definition, source.Header.DefinitionVersion, takeovers, by, cancellationToken);
    }

    /// <summary>Makes a replay from a recording.</summary>
    public async Task<IResult> ReplayAsync(WorkflowRecording recording, string by, CancellationToken cancellationToken)
    {
        if (Check(recording) is { Count: > 0 } wrong)
        {
            return Problem.Invalid(wrong);
        }

        var text = recording.Definition;
        var reading = catalog.Check(text, json: text.AsSpan().TrimStart().StartsWith("{"));
        if (reading.Definition is not { } definition)
        {
            return Problem.Definition(reading.Problems);
        }

        var version = await catalog.KeepAsync(definition, text, cancellationToken);
        return await SubmitAsync(recording, definition, version, [], by, cancellationToken);
    }

    /// <summary>Makes the recording of a workflow.</summary>
    public async Task<IResult> RecordAsync(string id, CancellationToken cancellationToken)
    {
        var (source, problem) = await FindEndedAsync(id, cancellationToken);
        if (source is null)
        {
            return problem!;
        }

        return source.State.Origin is { TakenOver.Count: > 0 }
            ? Problem.Of(ProblemTypes.Conflict, $"Workflow {id} took over commits of another one, which a recording does not hold.", "Replay it here, or record the workflow that it comes from.")
            : TypedResults.Json(await recorder.RecordAsync(source, cancellationToken), StackJson.Options);
    }

    /// <summary>Compares a replay with what it replays.</summary>
    public async Task<IResult> CompareAsync(string id, CancellationToken cancellationToken)
    {
        var (replay, problem) = await FindEndedAsync(id, cancellationToken);
        if (replay is null)
        {
            return problem!;
        }

        if (await ExpectedAsync(replay, cancellationToken) is not { } expected)
        {
            return Problem.Of(ProblemTypes.Conflict, $"Workflow {id} is not a replay.", "POST /api/v1/workflows/ID/replay makes one.");
        }

        var definition = await catalog.PinnedAsync(replay.Header.DefinitionVersion, cancellationToken);
        var given = await journal.ListCallsAsync(replay.Header.Id, isGiven: true, Recorder.MostCalls, cancellationToken);
        var made = await journal.ListCallsAsync(replay.Header.Id, isGiven: false, Recorder.MostCalls, cancellationToken);
        return TypedResults.Ok(ReplayComparer.Compare(replay, expected, await recorder.EndOfAsync(definition, replay, cancellationToken), given, made));
    }

    /// <summary>What people decided in the workflow that a replay replays.</summary>
    public async Task<IResult> DecisionsAsync(string id, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || await store.LoadAsync([workflowId], cancellationToken) is not [var workflow])
        {
            return Workflows.Unknown(id);
        }

        return await ExpectedAsync(workflow, cancellationToken) is { } expected ? TypedResults.Ok(expected.Decisions) : Problem.Of(ProblemTypes.Conflict, $"Workflow {id} is not a replay.");
    }

    private async Task<RecordedEnd?> ExpectedAsync(StoredWorkflow replay, CancellationToken cancellationToken) =>
        replay.State.Origin is { Kind: WorkflowOriginKind.Replay, Expected: { } hash }
            ? (await journal.LoadContentsAsync(replay.Header.Id, [hash], cancellationToken)).GetValueOrDefault(hash)?.To<RecordedEnd>()
            : null;

    private async Task<(StoredWorkflow? Workflow, Problem? Problem)> FindEndedAsync(string id, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || await store.LoadAsync([workflowId], cancellationToken) is not [var workflow])
        {
            return (null, Workflows.Unknown(id));
        }

        return workflow.State.End is null
            ? (null, Problem.Of(ProblemTypes.Conflict, $"Workflow {id} has not ended.", "Wait for its end, or cancel it."))
            : (workflow, null);
    }

    private async Task<IResult> SubmitAsync(
        WorkflowRecording recording, WorkflowDefinition definition, string version, IReadOnlyList<StageTakeover> takeovers, string by, CancellationToken cancellationToken)
    {
        var id = WorkflowId.New(time);
        var expected = JournalContent.Of(JsonPayload.From(recording.Expected));
        var submission = new WorkflowSubmission
        {
            Header = new WorkflowHeader
            {
                Id = id,
                Name = recording.Name,
                Description = recording.Description,
                Type = recording.Type,
                DefinitionName = definition.Name,
                DefinitionVersion = version,
                Requirements = recording.Requirements,
                Input = recording.Input,
                Priority = definition.Priority,
                CreatedBy = by,
                CreatedAt = time.GetUtcNow(),
                Traceparent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
            },
            Definition = definition,
            Origin = new WorkflowOrigin
            {
                Kind = WorkflowOriginKind.Replay,
                Of = recording.Of,
                Model = recording.Model,
                TakenOver = [.. takeovers.Select(takeover => takeover.Stage)],
                LeftOut = [.. ReplayRules.LeftOut(definition).Except(takeovers.Select(takeover => takeover.Stage))],
                Expected = expected.Hash,
            },
            Takeovers = takeovers,
        };

        if (recording.Repository is { } bundle)
        {
            await workspaces.BeginWithAsync(id, Convert.FromBase64String(bundle), cancellationToken);
        }

        // Before the workflow: its agents may call at once.
        await journal.ImportCallsAsync(id, [.. recording.Calls.Select(call => Recorder.ToCall(id, call))], [expected, .. recording.Contents.Select(content => new JournalContent(content.Key, content.Value))], cancellationToken);
        var result = await forks.SubmitAsync(submission, cancellationToken);
        if (result is Problem)
        {
            await journal.ForgetCallsAsync(id, cancellationToken);
        }

        return result;
    }

    private static List<string> Check(WorkflowRecording recording)
    {
        var wrong = new List<string>();
        if (recording.Format != WorkflowRecording.CurrentFormat)
        {
            wrong.Add($"format: it is {recording.Format}; this program reads {WorkflowRecording.CurrentFormat}. Record it with the same version.");
        }

        if (recording.Requirements.Length > Submission.MaxRequirements)
        {
            wrong.Add($"requirements: there are {recording.Requirements.Length} characters; at most {Submission.MaxRequirements} are read.");
        }

        if (recording.Repository is { } bundle && !System.Buffers.Text.Base64.IsValid(bundle))
        {
            wrong.Add("repository: it is not Base64: the recording was changed. Record it again, and keep the file as it is.");
        }

        foreach (var (hash, content) in recording.Contents)
        {
            if (JournalContent.Of(content).Hash != hash)
            {
                wrong.Add($"contents: '{hash}' is not the hash of its content: the recording was changed. Record it again, and keep the file as it is.");
                break;
            }
        }

        if (recording.Calls.FirstOrDefault(call => !recording.Contents.ContainsKey(call.Answer) || call.RequestHash.Length != 64 || call.Request.Any(part => part.Length != 64)) is { } broken)
        {
            wrong.Add($"calls: call '{broken.RequestHash}' of stage '{broken.Stage}' has no answer in 'contents'. Record it again.");
        }

        return wrong;
    }
}
