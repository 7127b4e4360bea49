using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IDeploymentStore"/> promises, for every adapter.</summary>
public abstract class DeploymentStoreConformance : IAsyncLifetime
{
    private IDeploymentStore? _store;

    protected IDeploymentStore Store => _store ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens a migrated store on this test's own, empty database.</summary>
    protected abstract Task<IDeploymentStore> OpenAsync();

    public async Task InitializeAsync() => _store = await OpenAsync();

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Put_First_StandsAsWritten()
    {
        var deployment = Make("calculator");
        Writes.Same(deployment, await Store.PutDeploymentAsync(deployment, CancellationToken.None));
        Writes.Same(deployment, Assert.Single(await Store.ListDeploymentsAsync(CancellationToken.None)));
    }

    [ServerFact]
    public async Task Put_NothingOptional_StandsAsWritten()
    {
        var deployment = Make("bare") with { Url = null, Pid = null, HealthPath = null, Message = null, Command = [], Status = DeploymentStatus.Failed };
        Writes.Same(deployment, await Store.PutDeploymentAsync(deployment, CancellationToken.None));
    }

    [ServerFact]
    public async Task Put_SameRelease_KeepsWhatPeopleDesire()
    {
        var deployment = Make("calculator");
        await Store.PutDeploymentAsync(deployment, CancellationToken.None);
        await Store.DesireDeploymentAsync("calculator", DesiredState.Stopped, Writes.Now, CancellationToken.None);
        var observed = deployment with { Status = DeploymentStatus.Unhealthy, Message = "no answer", Desired = DesiredState.Running };
        Writes.Same(observed with { Desired = DesiredState.Stopped }, await Store.PutDeploymentAsync(observed, CancellationToken.None));
    }

    [ServerFact]
    public async Task Put_AnotherRelease_BringsItsOwnWish()
    {
        var deployment = Make("calculator");
        await Store.PutDeploymentAsync(deployment, CancellationToken.None);
        await Store.DesireDeploymentAsync("calculator", DesiredState.Stopped, Writes.Now, CancellationToken.None);
        var next = deployment with { Release = "r2", WorkflowId = Writes.NextId(), Desired = DesiredState.Running };
        Writes.Same(next, await Store.PutDeploymentAsync(next, CancellationToken.None));
    }

    [ServerFact]
    public async Task Desire_Known_ChangesTheWishAndTheTimeOnly()
    {
        var deployment = Make("calculator");
        await Store.PutDeploymentAsync(deployment, CancellationToken.None);
        var at = Writes.Now.AddMinutes(5);
        var desired = await Store.DesireDeploymentAsync("calculator", DesiredState.Stopped, at, CancellationToken.None);
        Writes.Same(deployment with { Desired = DesiredState.Stopped, UpdatedAt = at }, desired);
    }

    [ServerFact]
    public async Task Desire_Unknown_IsNull() =>
        Assert.Null(await Store.DesireDeploymentAsync("nobody", DesiredState.Stopped, Writes.Now, CancellationToken.None));

    [ServerFact]
    public async Task List_Several_GivesThemByName()
    {
        foreach (var name in new[] { "shop", "calculator", "blog" })
        {
            await Store.PutDeploymentAsync(Make(name), CancellationToken.None);
        }

        Assert.Equal(["blog", "calculator", "shop"], (await Store.ListDeploymentsAsync(CancellationToken.None)).Select(deployment => deployment.Name));
    }

    private static DeploymentResource Make(string name) => new()
    {
        Name = name,
        WorkflowId = Writes.NextId(),
        Release = "r1",
        Desired = DesiredState.Running,
        Status = DeploymentStatus.Running,
        Url = "http://127.0.0.1:4711",
        Pid = 4711,
        Host = "here",
        Directory = "/srv/r1",
        Command = ["./program", "--urls", "http://127.0.0.1:0"],
        HealthPath = "/health",
        Message = "answers",
        UpdatedAt = Writes.Now,
    };
}
