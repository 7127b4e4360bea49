using System.Net;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Approvals;

/// <summary>The inbox as a person uses it, over HTTP.</summary>
internal static class Inbox
{
    public static Task<ApprovalList> ListAsync(HttpClient client, string query = "") => client.GetAsync($"/api/v1/approvals{query}").ValueAsync<ApprovalList>();

    public static Task<ApprovalResource> ShowAsync(HttpClient client, ApprovalId id) => client.GetAsync($"/api/v1/approvals/{id}").ValueAsync<ApprovalResource>();

    /// <summary>The question that a workflow asks; waits until it does.</summary>
    public static async Task<ApprovalResource> OfAsync(HttpClient client, WorkflowId workflow)
    {
        ApprovalList? list = null;
        await Eventually.TrueAsync(async () => (list = await ListAsync(client, $"?workflow={workflow}")).Approvals.Count == 1, () => $"{workflow} asks {list?.Approvals.Count} questions.", TimeSpan.FromSeconds(30));
        return await ShowAsync(client, list!.Approvals[0].Id);
    }

    public static Task<HttpResponseMessage> DecideAsync(HttpClient client, ApprovalResource seen, string decision = "approve", string? effect = null, string? hash = null) => client.PostAsync(
        $"/api/v1/approvals/{seen.Id}/decision",
        Answers.Json($$"""{"decision":"{{decision}}","expected_hash":"{{hash ?? seen.EffectHash}}","comment":"so be it"{{(effect is null ? "" : $",\"effect\":{effect}")}}}"""));

    /// <summary>Lets an agent ask, in the first attempt of a new workflow.</summary>
    public static async Task<(WorkflowId Workflow, ApprovalResource Asked)> AskAsync(OrchestratorHost host, TestAgent agent, string definition, string? effect, ApprovalTerms? terms = null)
    {
        var workflow = await host.SubmitAsync(definition);
        var task = await agent.ClaimOneAsync();
        await agent.ReportAsync(task.TaskId, new StageOutcome.NeedsApproval { Prompt = "May I?", Effect = effect is null ? null : JsonPayload.Parse(effect), Terms = terms });
        return (workflow.Id, await OfAsync(host.Client, workflow.Id));
    }

    public static string Raise(string budget, decimal money) => JsonSerializer.Serialize(new { kind = "budget_increase", budget, limits = new { money } });

    public static async Task<UsageResource?> BudgetAsync(HttpClient client, string key) =>
        (await client.GetAsync($"/api/v1/usage?prefix={WebUtility.UrlEncode(key)}").ValueAsync<UsageList>()).Budgets.FirstOrDefault(budget => budget.Key == key);
}
