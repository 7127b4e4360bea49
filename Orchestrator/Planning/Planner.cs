using Stack.Contracts;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Gateway.Builtin;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Planning;

/// <summary>Turns a request into a plan: by a model, whose mistakes are given back to it for repair, or by rules. A plan with problems never leaves it.</summary>
internal sealed partial class Planner(ModelGateway gateway, PlanCheck check, PlanHistory history, DefinitionCatalog catalog, AgentTypes agentTypes, ILogger<Planner> logger)
{
    /// <summary>How often a model may repair its plan.</summary>
    public const int MostRepairs = 3;

    /// <summary>The name of the planner without a model.</summary>
    public const string Builtin = "builtin";

    private const string DefaultModel = "smart";

    /// <summary>Plans.</summary>
    /// <param name="request">The request; it has been checked.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ModelFailure">The model that was asked for does not answer.</exception>
    public async Task<PlanReading> MakeAsync(PlanRequest request, CallOrigin origin, CancellationToken cancellationToken)
    {
        if (request.Model is Builtin)
        {
            return await ByRulesAsync(request, "It was asked for: rules, no model.", cancellationToken);
        }

        try
        {
            return await ByModelAsync(request, origin, cancellationToken);
        }
        catch (ModelFailure failure) when (request.Model is null)
        {
            LogNoModel(DefaultModel, failure.Code, failure.Message);
            return await ByRulesAsync(request, $"No model answers ({failure.Code}), so that rules planned: {failure.Message}", cancellationToken);
        }
    }

    private async Task<PlanReading> ByModelAsync(PlanRequest request, CallOrigin origin, CancellationToken cancellationToken)
    {
        var turns = ModelPlanner.Begin(request.Request!, agentTypes.All);
        for (var repairs = 0; ; repairs++)
        {
            await using var answer = await gateway.OpenAsync(request.Model ?? DefaultModel, new ChatCall { Turns = [.. turns], Format = ModelPlanner.Format, Temperature = 0 }, origin, cancellationToken);
            if (answer.Provider == BuiltinProvider.ProviderName)
            {
                return await ByRulesAsync(request, $"The gateway has no other model for this, so that rules planned: {answer.Decision}", cancellationToken);
            }

            var text = (await answer.ReadAsync()).Text;
            var reading = await ReadAsync(request, text, answer.Model, repairs, cancellationToken);
            if (reading.Problems.Count == 0 || repairs == MostRepairs)
            {
                return reading;
            }

            LogRepair(answer.Model, repairs + 1, reading.Problems.Count);
            turns.Add(new Turn("assistant", text));
            turns.Add(ModelPlanner.Again(reading.Problems));
        }
    }

    private async Task<PlanReading> ReadAsync(PlanRequest request, string text, string model, int repairs, CancellationToken cancellationToken)
    {
        var (draft, problem) = ModelPlanner.Read(text);
        return draft is null
            ? PlanReading.Wrong(problem!)
            : await FinishAsync(request, draft, model, repairs == 0 ? null : $"The model repaired its plan {repairs} time{(repairs == 1 ? "" : "s")}.", cancellationToken);
    }

    // The definition as it stands here, so that the plan replaces nothing.
    private async Task<PlanReading> ByRulesAsync(PlanRequest request, string note, CancellationToken cancellationToken)
    {
        var (name, draft) = BuiltinPlanner.For(request.Request!);
        return await catalog.FindAsync(name, cancellationToken) is { } stored
            ? await FinishAsync(request, draft with { Definition = JsonPayload.FromElement(YamlText.Read(stored.Source).Root) }, Builtin, note, cancellationToken)
            : PlanReading.Wrong(new DefinitionProblem { Path = "definition", Value = name, Message = "There is no such definition here.", Remedy = "Restart the orchestrator, which applies the built-in ones." });
    }

    private async Task<PlanReading> FinishAsync(PlanRequest request, PlanDraft draft, string planner, string? note, CancellationToken cancellationToken)
    {
        var plan = new PlanDocument
        {
            Request = request.Request!.Trim(),
            Name = string.IsNullOrWhiteSpace(request.Name) ? Submission.NameFrom(request.Request.Trim()) : request.Name.Trim(),
            Planner = planner,
            Note = note,
            Definition = draft.Definition,
            Confidence = draft.Confidence,
            Ambiguities = draft.Ambiguities,
            OutOfScope = draft.OutOfScope,
            Estimate = new PlanEstimate { Summary = "" },
        };
        var reading = await check.CheckAsync(JsonPayload.From(plan), cancellationToken);
        if (reading is not { Plan: { } good, Definition: { } definition })
        {
            return reading;
        }

        good = good with
        {
            Subtasks = [.. definition.Stages.Select(stage => new PlanSubtask(stage.Name, stage.Agent, stage.Description, stage.Needs))],
            Estimate = await history.EstimateAsync(definition, cancellationToken),
        };
        return JsonPayload.From(good).SizeBytes > EffectKinds.MaxBytes
            ? PlanReading.Wrong(new DefinitionProblem { Path = "$", Message = $"The plan has more than {EffectKinds.MaxBytes} bytes.", Remedy = "Make it smaller, or the request shorter." })
            : reading with { Plan = good };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "No model of '{Model}' plans ({Code}); rules do. {Reason}")]
    private partial void LogNoModel(string model, string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The plan of '{Model}' has {Count} problems; repair {Repair}")]
    private partial void LogRepair(string model, int repair, int count);
}
