using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Gateway.Journal;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Replays;

/// <summary>Makes recordings of workflows.</summary>
internal sealed class Recorder(IWorkflowStore store, IModelJournal journal, DefinitionCatalog catalog, WorkspaceCopy workspaces, TimeProvider time)
{
    /// <summary>The most calls of a workflow that are recorded and compared.</summary>
    public const int MostCalls = 100_000;

    /// <summary>Records a workflow that ended.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<WorkflowRecording> RecordAsync(StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var header = workflow.Header;
        var definition = await catalog.PinnedAsync(header.DefinitionVersion, cancellationToken);
        // What a replay was answered is what it was given.
        var calls = await journal.ListCallsAsync(header.Id, isGiven: false, MostCalls, cancellationToken);
        var hashes = calls.SelectMany(call => call.Request.Append(call.Answer)).ToHashSet(StringComparer.Ordinal);
        return new WorkflowRecording
        {
            Format = WorkflowRecording.CurrentFormat,
            Of = header.Id,
            RecordedAt = time.GetUtcNow(),
            Name = header.Name,
            Description = header.Description,
            Type = header.Type,
            Requirements = header.Requirements,
            Input = header.Input,
            Definition = await catalog.PinnedSourceAsync(header.DefinitionVersion, cancellationToken),
            Repository = BeganWithARepository(header) && await workspaces.BundleAsync(header.Id, cancellationToken) is { } bundle ? Convert.ToBase64String(bundle) : null,
            Model = workflow.State.Origin?.Model,
            Expected = await EndOfAsync(definition, workflow, cancellationToken),
            Calls = [.. calls.Select(ToRecorded)],
            Contents = await journal.LoadContentsAsync(header.Id, hashes, cancellationToken),
        };
    }

    private static bool BeganWithARepository(WorkflowHeader header) =>
        header.Input?.ToElement() is { ValueKind: JsonValueKind.Object } input && input.TryGetProperty("repository", out var repository) && repository.ValueKind is not JsonValueKind.Null;

    /// <summary>What became of a workflow.</summary>
    public async Task<RecordedEnd> EndOfAsync(WorkflowDefinition definition, StoredWorkflow workflow, CancellationToken cancellationToken)
    {
        var (id, state) = (workflow.Header.Id, workflow.State);
        var leftOut = ReplayRules.LeftOut(definition);
        var head = state.Stages.Where(stage => stage.Commit is not null && !leftOut.Contains(stage.Name)).OrderBy(stage => stage.EndedAt).LastOrDefault()?.Commit;
        var outputs = await store.LoadOutputsAsync(id, cancellationToken);
        return new RecordedEnd
        {
            Status = state.Status,
            Stages = state.Stages.ToDictionary(stage => stage.Name, stage => stage.Status, StringComparer.Ordinal),
            Errors = state.Stages.Where(stage => stage is { IsOver: true, Error: not null, Status: not StageStatus.Completed }).ToDictionary(stage => stage.Name, stage => stage.Error!.Code, StringComparer.Ordinal),
            Decisions = state.Stages.Where(stage => stage.Decision is not null).ToDictionary(stage => stage.Name, stage => stage.Decision!, StringComparer.Ordinal),
            Outputs = outputs.ToDictionary(output => output.Key, output => JournaledRequest.Forget(id, output.Value).Hash, StringComparer.Ordinal),
            Files = head is null ? null : await workspaces.FilesAsync(id, head, cancellationToken),
        };
    }

    /// <summary>A call as people and recordings see it.</summary>
    public static RecordedCall ToRecorded(ModelCall call) => new()
    {
        Stage = call.Key.Stage,
        Step = call.Key.Step,
        RequestHash = call.Key.RequestHash,
        Occurrence = call.Key.Occurrence,
        Attempt = call.Attempt,
        At = call.At,
        Asked = call.Asked,
        Model = call.Model,
        Provider = call.Provider,
        PromptTokens = call.PromptTokens,
        CompletionTokens = call.CompletionTokens,
        Cost = call.CostNano / (decimal)Amount.NanoPerDollar,
        Replays = call.Replays,
        Request = call.Request,
        Answer = call.Answer,
    };

    /// <summary>A call of a recording as the journal keeps it.</summary>
    public static ModelCall ToCall(WorkflowId id, RecordedCall call) => new()
    {
        Key = new ModelCallKey(id, call.Stage, call.Step, call.RequestHash, call.Occurrence),
        Attempt = call.Attempt,
        At = call.At,
        Asked = call.Asked,
        Model = call.Model,
        Provider = call.Provider,
        PromptTokens = call.PromptTokens,
        CompletionTokens = call.CompletionTokens,
        CostNano = (long)(call.Cost * Amount.NanoPerDollar),
        Replays = call.Replays,
        Request = call.Request,
        Answer = call.Answer,
    };
}

/// <summary>What a replay does not make again.</summary>
internal static class ReplayRules
{
    private const string ActsOutside = "deployment";

    /// <summary>The stages that act on more than the workspace.</summary>
    public static IReadOnlyList<string> LeftOut(WorkflowDefinition definition) => [.. definition.Stages.Where(stage => stage.Agent == ActsOutside).Select(stage => stage.Name)];
}
