using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api;

namespace Stack.Orchestrator.Verification;

/// <summary>What was found when a workflow's claims were checked: <c>/api/v1/workflows/{id}/evidence</c>.</summary>
internal static class EvidenceApi
{
    public static void AddVerification(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CleanClone>();
        builder.Services.AddSingleton<VerificationPlaces>();
        builder.Services.AddSingleton<ModelJudge>();
        builder.Services.AddSingleton<EvidenceBook>();
        builder.Services.AddSingleton<IClaimVerifier, GitClaimVerifier>();
    }

    public static void MapEvidence(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/workflows/{id}/evidence", ListAsync).WithTags("Workflows").WithSummary("List the evidence for a workflow's claims").Produces<EvidenceList>()
            .WithDescription("What the orchestrator found when it checked what agents claimed to have done, oldest first. Each record is kept under its hash and names the one before it.");

    private static async Task<IResult> ListAsync(string id, IWorkflowStore store, EvidenceBook book, CancellationToken cancellationToken) =>
        WorkflowId.TryParse(id, null, out var workflowId) && (await store.LoadAsync([workflowId], cancellationToken)).Count > 0
            ? TypedResults.Ok(await book.ReadAsync(workflowId, cancellationToken))
            : Workflows.Unknown(id);
}
