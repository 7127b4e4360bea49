using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Api.Definitions;

namespace Stack.Orchestrator.Planning;

/// <summary>Submits approved plans, each once: under an idempotency key that is made of the approval's id.</summary>
internal sealed class PlanRun(WorkflowEngine engine, DefinitionCatalog catalog, PlanCheck check, TimeProvider time)
{
    /// <summary>Submits the plan of an approval, or finds the workflow that was submitted for it.</summary>
    /// <exception cref="StoreUnavailableException">Not now.</exception>
    public async Task<EffectExecution> SubmitAsync(ApprovalRecord approval, CancellationToken cancellationToken)
    {
        var reading = await check.CheckAsync(approval.Decision!.Effect!, cancellationToken);
        if (reading is not { Plan: { } plan, Definition: { } definition })
        {
            return Failed($"The plan has problems, so that it is not run: {string.Join(' ', reading.Problems)}");
        }

        var (stored, _) = await catalog.ApplyAsync(definition, plan.Definition.ToString(), builtIn: false, cancellationToken);
        var request = new SubmitWorkflowRequest { ProjectRequirements = plan.Request, Name = plan.Name, Definition = definition.Name };
        var (submission, problem) = await Submission.MakeAsync(request, $"approval/{approval.Id}", approval.Decision.DecidedBy, catalog, time, cancellationToken);
        if (submission is null)
        {
            return Failed($"The plan is not run: {problem}");
        }

        if (submission.Header.DefinitionVersion != stored.Version)
        {
            throw new StoreUnavailableException($"The definition '{definition.Name}' was replaced while the plan was submitted. It is tried again.");
        }

        return await engine.SubmitAsync(submission, cancellationToken) switch
        {
            SubmitOutcome.Accepted accepted => Done(accepted.Workflow),
            SubmitOutcome.Replayed replayed => Done(replayed.Workflow),
            SubmitOutcome.KeyMismatch mismatch => Failed($"The approval was used for another plan, which is workflow {mismatch.WorkflowId}."),
            _ => throw new StoreUnavailableException("Too many workflows wait to be stored. The plan is submitted later."),
        };
    }

    private EffectExecution Done(StoredWorkflow workflow) => new()
    {
        Succeeded = true,
        At = time.GetUtcNow(),
        Message = $"Workflow {workflow.Header.Id} was submitted.",
        Result = JsonPayload.From(new { workflow_id = workflow.Header.Id, definition = workflow.Header.DefinitionName, definition_version = workflow.Header.DefinitionVersion }),
    };

    private EffectExecution Failed(string message) => new() { Succeeded = false, At = time.GetUtcNow(), Message = message };
}
