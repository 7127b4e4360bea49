using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Api.Approvals;

/// <summary>Once: across callers and restarts.</summary>
public sealed class ApprovedEffectsTests
{
    [Fact]
    public async Task Decide_CallersWithKeys_OnlyThoseWhoMay()
    {
        await using var host = await OrchestratorHost.StartAsync("Stack:ApiKeys:ann=ann-ann-ann-ann-ann", "Stack:ApiKeys:bob:Key=bob-bob-bob-bob-bob", "Stack:ApiKeys:bob:Scope=write", "Stack:ApiKeys:eve:Key=eve-eve-eve-eve-eve", "Stack:ApiKeys:eve:Scope=read");
        using var ann = host.ClientWith("ann-ann-ann-ann-ann");
        using var bob = host.ClientWith("bob-bob-bob-bob-bob");
        using var eve = host.ClientWith("eve-eve-eve-eve-eve");
        using var defined = await ann.PostAsync("/api/v1/definitions", Answers.Yaml("name: gated\nstages: [{name: s1, agent: noop, workspace: false, approval: {prompt: Go?, deciders: [ann]}}]"));
        var workflow = await bob.PostAsync("/api/v1/workflows", Answers.Json("""{"definition":"gated","project_requirements":"Do it"}""")).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        var asked = await Inbox.OfAsync(eve, workflow.Id);

        await Inbox.DecideAsync(eve, asked).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        var refused = await Inbox.DecideAsync(bob, asked).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        Assert.Contains("'bob' may not decide this; ann may.", refused.Detail, StringComparison.Ordinal);
        await bob.PostAsync($"/api/v1/workflows/{workflow.Id}/stages/s1/approve", Answers.Json("{}")).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        await bob.PostAsync($"/api/v1/approvals/{asked.Id}/links", Answers.Json("{}")).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);

        // The link of one who may decides for whoever has it, without a key.
        var link = await ann.PostAsync($"/api/v1/approvals/{asked.Id}/links", Answers.Json("{}")).ValueAsync<ApprovalLinkResource>(HttpStatusCode.Created);
        using var form = new FormUrlEncodedContent([new("decision", "approve"), new("expected_hash", asked.EffectHash)]);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.PostAsync(link.Url, form)).StatusCode);
        Assert.Equal("ann (link)", (await Inbox.ShowAsync(eve, asked.Id)).Decision!.DecidedBy);
    }

    [Fact]
    public async Task Restart_OpenQuestions_AreStillThereWithTheSameEffect()
    {
        var folder = Directory.CreateTempSubdirectory("approvals-").FullName;
        ApprovalResource asked;
        await using (var host = await OrchestratorHost.StartOnAsync(folder))
        {
            asked = await Inbox.OfAsync(host.Client, await SubmitAsync(host.Client, Inbox.Raise("day/2026-01-01", 4)));
        }

        await using (var host = await OrchestratorHost.StartOnAsync(folder))
        {
            Assert.Equal(asked.EffectHash, Assert.Single((await Inbox.ListAsync(host.Client)).Approvals).EffectHash);
            await Inbox.DecideAsync(host.Client, asked).ValueAsync<ApprovalResource>();
            Assert.Equal(4m, (await Inbox.BudgetAsync(host.Client, "day/2026-01-01"))!.Limits!.Money);
        }

        Folders.Remove(folder);
    }

    [Fact]
    public async Task Restart_BetweenDecisionAndExecution_ExecutesOnce()
    {
        var folder = Directory.CreateTempSubdirectory("approvals-").FullName;
        ApprovalResource asked;
        WorkflowId workflow;
        await using (var host = await OrchestratorHost.StartOnAsync(folder, "Engine:TimerInterval=01:00:00"))
        {
            workflow = await SubmitAsync(host.Client, Inbox.Raise("day/2026-01-02", 5));
            asked = await Inbox.OfAsync(host.Client, workflow);

            // The decision alone: the process ends before the effect is executed.
            var decision = new ApprovalDecision { Approved = true, DecidedBy = "ann", DecidedAt = DateTimeOffset.UtcNow };
            Assert.IsType<CommandOutcome.Applied>(await host.Services.GetRequiredService<WorkflowEngine>().DecideAsync(workflow, "execution", decision, null, CancellationToken.None));
            Assert.Null(await Inbox.BudgetAsync(host.Client, "day/2026-01-02"));
        }

        await using (var host = await OrchestratorHost.StartOnAsync(folder))
        {
            await host.UntilAsync(workflow, shown => shown.Status is WorkflowStatus.Completed, "What was approved was not executed after the restart");
            Assert.Equal(5m, (await Inbox.BudgetAsync(host.Client, "day/2026-01-02"))!.Limits!.Money);
            Assert.True((await Inbox.ShowAsync(host.Client, asked.Id)).Decision!.Execution!.Succeeded);
        }

        Folders.Remove(folder);
    }

    private static async Task<WorkflowId> SubmitAsync(HttpClient client, string effect) =>
        (await client.PostAsync("/api/v1/workflows", Answers.Json($$"""{"definition":"effect","project_requirements":"More money","input":{{effect}}}""")).ValueAsync<WorkflowResource>(HttpStatusCode.Created)).Id;
}
