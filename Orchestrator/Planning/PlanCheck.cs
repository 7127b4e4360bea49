using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Planning;

/// <summary>Everything that is wrong with a plan. One with problems is never run.</summary>
internal sealed class PlanCheck(DefinitionCatalog catalog, ProviderDirectory models)
{
    /// <summary>Checks an effect of the kind <c>plan</c>.</summary>
    public async Task<PlanReading> CheckAsync(JsonPayload effect, CancellationToken cancellationToken)
    {
        PlanDocument? plan;
        try
        {
            plan = effect.To<PlanDocument>();
        }
        catch (JsonException malformed)
        {
            return PlanReading.Wrong(new DefinitionProblem { Path = malformed.Path ?? "$", Message = "The plan cannot be read.", Remedy = "Write request, name, planner, definition, confidence and estimate." });
        }

        var problems = new List<DefinitionProblem>();
        if (string.IsNullOrWhiteSpace(plan!.Request) || plan.Request.Length > Submission.MaxRequirements)
        {
            problems.Add(new DefinitionProblem { Path = "request", Message = $"It has {plan.Request.Length} characters.", Remedy = $"Write 1 to {Submission.MaxRequirements}." });
        }

        if (plan.Confidence is not (>= 0 and <= 1))
        {
            problems.Add(new DefinitionProblem { Path = "confidence", Value = $"{plan.Confidence}", Message = "It is out of range.", Remedy = "Write a number from 0 to 1." });
        }

        var definition = await CheckAsync(plan.Definition, problems, cancellationToken);
        return new PlanReading(problems.Count == 0 ? plan : null, problems.Count == 0 ? definition : null, problems);
    }

    private async Task<WorkflowDefinition?> CheckAsync(JsonPayload text, List<DefinitionProblem> problems, CancellationToken cancellationToken)
    {
        var reading = catalog.Check(text.ToString(), json: true);
        problems.AddRange(reading.Problems.Select(problem => problem with { Path = $"definition.{problem.Path}", Line = null }));
        if (reading.Definition is not { } definition)
        {
            return null;
        }

        if (await catalog.FindAsync(definition.Name, cancellationToken) is { } known && known.Version != DefinitionVersions.Of(definition))
        {
            problems.Add(new DefinitionProblem
            {
                Path = "definition.name",
                Value = definition.Name,
                Message = "There is another definition of this name.",
                Remedy = "Give the plan's definition a name of its own; a plan replaces nothing.",
            });
        }

        for (var i = 0; i < definition.Stages.Count; i++)
        {
            if (ModelOf(definition.Stages[i]) is { } model && await MissingAsync(model, cancellationToken) is { } missing)
            {
                problems.Add(new DefinitionProblem { Path = $"definition.stages[{i}].with.model", Value = model, Message = missing, Remedy = "Name a model or an alias of the gateway (GET /api/v1/models lists them), or leave it out." });
            }
        }

        return definition;
    }

    private static string? ModelOf(StageDefinition stage) =>
        stage.With?.ToElement() is { ValueKind: JsonValueKind.Object } with && with.TryGetProperty("model", out var model) && model.ValueKind is JsonValueKind.String ? model.GetString() : null;

    // A provider that is away may have the model: only what is known to be missing is a problem.
    private async Task<string?> MissingAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            await models.FindAsync(model, cancellationToken);
            return null;
        }
        catch (ModelFailure failure)
        {
            return failure.Kind is FailureKind.ModelMissing ? failure.Message : null;
        }
    }
}

/// <summary>What a check made of a plan: the plan, or everything that is wrong with it.</summary>
/// <param name="Plan">The plan; null when there are problems.</param>
/// <param name="Definition">Its definition; null when there are problems.</param>
/// <param name="Problems">Everything that is wrong.</param>
internal sealed record PlanReading(PlanDocument? Plan, WorkflowDefinition? Definition, IReadOnlyList<DefinitionProblem> Problems)
{
    public static PlanReading Wrong(DefinitionProblem problem) => new(null, null, [problem]);
}
