using System.Net;
using Stack.Contracts;
using Stack.Tests.AppHost.Offline;
using Stack.Tests.Orchestrator.Stores.Postgres;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Api.Approvals;

/// <summary>Two orchestrators on one Postgres have one inbox.</summary>
[NeedsServer("postgresql")]
public sealed class SharedInboxTests
{
    [ServerFact]
    public async Task Decide_ThroughTwoOrchestratorsAtOnce_ExecutesOnce()
    {
        await using var database = await PostgresDatabase.CreateAsync();
        using var shared = new TemporaryDirectory();
        string[] settings = [$"ConnectionStrings:stackdb={database.Address}", $"Stack:SharedDirectory={shared.Path}"];
        await using var one = await OrchestratorHost.StartAsync(settings);
        await using var other = await OrchestratorHost.StartAsync(settings);
        for (var round = 1; round <= 5; round++)
        {
            var plan = await one.Client.PostAsync("/api/v1/request", Answers.Json($$"""{"request":"A calculator web API, number {{round}}","model":"builtin"}""")).ValueAsync<PlanResource>(HttpStatusCode.Created);
            Assert.Equal((await Inbox.ListAsync(one.Client)).Approvals.Select(approval => approval.Id), (await Inbox.ListAsync(other.Client)).Approvals.Select(approval => approval.Id));
            var decided = await Task.WhenAll(Enumerable.Range(0, 6).Select(click => Inbox.DecideAsync(click % 2 == 0 ? one.Client : other.Client, plan.Approval).ValueAsync<ApprovalResource>()));
            Assert.Single(decided.Select(answer => answer.Decision!.DecidedAt).Distinct());
        }

        var runs = await one.Client.GetAsync("/api/v1/workflows?definition=app").ValueAsync<WorkflowList>();
        Assert.Equal(5, runs.Workflows.Count);
    }
}
