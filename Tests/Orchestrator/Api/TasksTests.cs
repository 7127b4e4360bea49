using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class TasksTests(OrchestratorFixture fixture)
{
    [Fact]
    public async Task List_OfAnAgentType_PagesThroughEachOnce()
    {
        var host = fixture.Host;
        var definition = await host.DefineAsync(2);
        await using var agent = await TestAgent.RegisterAsync(host, definition);
        var workflow = await host.SubmitAsync(definition);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId, """{"n":1}""");
        await host.SubmitAsync(definition);

        var seen = new List<TaskResource>();
        string? cursor = null;
        do
        {
            var page = await host.Client.GetAsync($"/api/v1/tasks?agent_type={definition}&limit=2&cursor={cursor}").ValueAsync<TaskList>();
            seen.AddRange(page.Tasks);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(3, seen.DistinctBy(task => task.TaskId).Count());
        Assert.Equal(3, seen.Count);
        var completed = Assert.Single((await host.Client.GetAsync($"/api/v1/tasks?agent_type={definition}&status=completed").ValueAsync<TaskList>()).Tasks);
        Assert.Equal(2, (await host.Client.GetAsync($"/api/v1/workflows/{workflow.Id}/tasks").ValueAsync<TaskList>()).Tasks.Count);
        var shown = await host.Client.GetAsync($"/api/v1/tasks/{completed.TaskId}").ValueAsync<TaskResource>();
        Assert.Equal(("""{"n":1}""", agent.Id, AttemptStatus.Completed), (shown.Output!.ToString(), shown.AgentId!.Value, shown.Status));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("01890000000070008000000000000000.s1.1")]
    public async Task Show_UnknownId_Answers404(string id)
    {
        var problem = await fixture.Host.Client.GetAsync($"/api/v1/tasks/{id}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.StartsWith($"There is no task '{id}'.", problem.Detail, StringComparison.Ordinal);
    }
}
