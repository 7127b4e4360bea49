using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class DeploymentsTests(OrchestratorFixture fixture)
{
    [Fact]
    public async Task Put_AfterAPersonStoppedIt_KeepsWhatThePersonWantsUntilAnotherRelease()
    {
        var client = fixture.Host.Client;
        var deployment = new DeploymentResource
        {
            Name = "calculator-" + Guid.NewGuid().ToString("N")[..6],
            WorkflowId = WorkflowId.New(TimeProvider.System),
            Release = "one",
            Status = DeploymentStatus.Running,
            Host = "here",
            Directory = "/srv/one",
            UpdatedAt = DateTimeOffset.UtcNow,
        };
        var path = $"/api/v1/deployments/{deployment.Name}";
        Assert.Equal(DesiredState.Running, (await client.PutAsync(path, Answers.Of(deployment)).ValueAsync<DeploymentResource>()).Desired);
        Assert.Equal(DesiredState.Stopped, (await client.PostAsync(path + "/stop", null).ValueAsync<DeploymentResource>()).Desired);
        Assert.Equal(DesiredState.Stopped, (await client.PutAsync(path, Answers.Of(deployment)).ValueAsync<DeploymentResource>()).Desired);
        Assert.Equal(DesiredState.Running, (await client.PutAsync(path, Answers.Of(deployment with { Release = "two" })).ValueAsync<DeploymentResource>()).Desired);
        Assert.Contains((await client.GetAsync("/api/v1/deployments").ValueAsync<DeploymentList>()).Deployments, found => found.Name == deployment.Name && found.Release == "two");
    }

    [Fact]
    public async Task Put_NameThatDiffersOrIsNone_IsRefused()
    {
        var deployment = new DeploymentResource { Name = "a", WorkflowId = WorkflowId.New(TimeProvider.System), Release = "one", Host = "here", Directory = "/", UpdatedAt = DateTimeOffset.UtcNow };
        var problem = await fixture.Host.Client.PutAsync("/api/v1/deployments/b", Answers.Of(deployment)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal("name: 'a' is not the name in the path, 'b'.", problem.Detail);
        await fixture.Host.Client.PostAsync("/api/v1/deployments/none/stop", null).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }
}
