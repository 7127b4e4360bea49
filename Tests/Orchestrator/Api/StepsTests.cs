using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class StepsTests(OrchestratorFixture fixture)
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public async Task Record_Twice_TheFirstWriterWins()
    {
        var (agent, task) = await ClaimAsync();
        await using var _ = agent;
        var path = $"/api/v1/tasks/{task.TaskId}/steps/ask/{Hash}";
        var missing = await agent.Client.GetAsync(path).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.Equal("Step 'ask' of stage 's1' is not journaled for this input. Make the step and PUT its result.", missing.Detail);

        Assert.Equal("""{"answer": 1}""", await TextAsync(agent.Client.PutAsync(path, Answers.Json("""{"answer": 1}"""))));
        Assert.Equal("""{"answer": 1}""", await TextAsync(agent.Client.PutAsync(path, Answers.Json("""{"answer": 2}"""))));
        Assert.Equal("""{"answer": 1}""", await TextAsync(agent.Client.GetAsync(path)));
    }

    [Fact]
    public async Task Record_AttemptThatEnded_IsRefused()
    {
        var (agent, task) = await ClaimAsync();
        await using var _ = agent;
        await agent.CompleteAsync(task.TaskId);
        var problem = await agent.Client.PutAsync($"/api/v1/tasks/{task.TaskId}/steps/ask/{Hash}", Answers.Json("1")).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        Assert.Equal("Attempt 1 at stage 's1' is not current; nothing was written. Drop the attempt.", problem.Detail);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("")]
    public async Task Record_NotOneJsonValue_IsRefused(string body)
    {
        var (agent, task) = await ClaimAsync();
        await using var _ = agent;
        await agent.Client.PutAsync($"/api/v1/tasks/{task.TaskId}/steps/ask/{Hash}", Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.MalformedBody);
    }

    [Fact]
    public async Task Find_WrongHashOrTask_IsRefused()
    {
        await fixture.Host.Client.GetAsync($"/api/v1/tasks/{WorkflowId.New(TimeProvider.System).Value:N}.s.1/steps/ask/xyz").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        await fixture.Host.Client.GetAsync($"/api/v1/tasks/nonsense/steps/ask/{Hash}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }

    private async Task<(TestAgent Agent, TaskEnvelope Task)> ClaimAsync()
    {
        var definition = await fixture.Host.DefineAsync(1);
        var agent = await TestAgent.RegisterAsync(fixture.Host, definition);
        await fixture.Host.SubmitAsync(definition);
        return (agent, await agent.ClaimOneAsync());
    }

    private static async Task<string> TextAsync(Task<HttpResponseMessage> call)
    {
        using var answer = await call;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
