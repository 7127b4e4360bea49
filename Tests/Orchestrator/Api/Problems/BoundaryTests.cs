using System.Net;
using Stack.Contracts;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Api.Problems;

public sealed class BoundaryTests
{
    [Fact]
    public async Task Request_DatabaseDoesNotAnswer_Answers503WithRetryAfterAndRecovers()
    {
        await using var host = await OrchestratorHost.StartAsync("Sqlite:BusyTimeout=00:00:00.100");
        const string body = """{"project_requirements":"x","definition":"app"}""";
        using (var other = SqliteDatabase.OpenWriter(Path.Combine(host.Folder, SqliteStoreOptions.FileName), new SqliteStoreOptions { DataDirectory = host.Folder }, create: false))
        {
            other.BeginWrite();
            using var answer = await host.Client.PostAsync("/api/v1/workflows", Answers.Json(body));
            Assert.NotNull(answer.Headers.RetryAfter?.Delta);
            var problem = await Task.FromResult(answer).ProblemAsync(HttpStatusCode.ServiceUnavailable, ProblemTypes.Unavailable);
            Assert.Equal("The database does not answer. Nothing is lost; try again.", problem.Detail);
            other.Rollback();
        }

        await host.Client.PostAsync("/api/v1/workflows", Answers.Json(body)).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Request_WithAnIdOfItsOwn_GetsItBack()
    {
        await using var host = await OrchestratorHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/agents");
        request.Headers.Add("X-Request-Id", "mine-1");
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal("mine-1", Assert.Single(answer.Headers.GetValues("X-Request-Id")));
    }
}
