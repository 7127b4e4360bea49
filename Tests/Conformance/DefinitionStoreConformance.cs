using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IDefinitionStore"/> promises, for every adapter.</summary>
public abstract class DefinitionStoreConformance : IAsyncLifetime
{
    private static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private IDefinitionStore? _store;

    protected IDefinitionStore Store => _store ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens a migrated store on this test's own, empty database.</summary>
    protected abstract Task<IDefinitionStore> OpenAsync();

    public async Task InitializeAsync() => _store = await OpenAsync();

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Apply_FirstOfItsName_IsCurrentAndLoadedAsApplied()
    {
        var definition = Make("app", "1", "a: 1 # ü", builtIn: true);
        await Store.ApplyDefinitionAsync(definition, CancellationToken.None);
        Writes.Same(definition, await Store.FindDefinitionAsync("app", CancellationToken.None));
        Writes.Same(definition, await Store.LoadDefinitionAsync(definition.Version, CancellationToken.None));
    }

    [ServerFact]
    public async Task Find_UnknownNameOrVersion_IsNull()
    {
        Assert.Null(await Store.FindDefinitionAsync("app", CancellationToken.None));
        Assert.Null(await Store.LoadDefinitionAsync("00", CancellationToken.None));
        Assert.Empty(await Store.ListDefinitionsAsync(CancellationToken.None));
    }

    [ServerFact]
    public async Task Apply_AnotherVersion_IsCurrentAndTheFirstStays()
    {
        var (first, second) = (Make("app", "1", "one"), Make("app", "2", "two"));
        await Store.ApplyDefinitionAsync(first, CancellationToken.None);
        await Store.ApplyDefinitionAsync(second, CancellationToken.None);
        Writes.Same(second, await Store.FindDefinitionAsync("app", CancellationToken.None));
        Writes.Same(first, await Store.LoadDefinitionAsync(first.Version, CancellationToken.None));
    }

    [ServerFact]
    public async Task Keep_OtherVersion_IsLoadedAndTheCurrentOneStays()
    {
        var (current, kept) = (Make("app", "1", "one"), Make("app", "2", "two"));
        await Store.ApplyDefinitionAsync(current, CancellationToken.None);
        await Store.KeepDefinitionAsync(kept, CancellationToken.None);
        await Store.KeepDefinitionAsync(kept with { Source = "other" }, CancellationToken.None);
        Writes.Same(current, await Store.FindDefinitionAsync("app", CancellationToken.None));
        Writes.Same(kept, await Store.LoadDefinitionAsync(kept.Version, CancellationToken.None));
        Assert.Single(await Store.ListDefinitionsAsync(CancellationToken.None));
    }

    [ServerFact]
    public async Task Apply_TheCurrentVersionAgain_ChangesNothing()
    {
        var first = Make("app", "1", "one", builtIn: true);
        await Store.ApplyDefinitionAsync(first, CancellationToken.None);
        await Store.ApplyDefinitionAsync(first with { AppliedAt = Monday.AddDays(1), Source = "other", BuiltIn = false }, CancellationToken.None);
        Writes.Same(first, await Store.FindDefinitionAsync("app", CancellationToken.None));
    }

    [ServerFact]
    public async Task Apply_AnOlderVersionAgain_IsCurrentAgainAsAppliedNow()
    {
        var first = Make("app", "1", "one");
        await Store.ApplyDefinitionAsync(first, CancellationToken.None);
        await Store.ApplyDefinitionAsync(Make("app", "2", "two"), CancellationToken.None);
        await Store.ApplyDefinitionAsync(first with { AppliedAt = Monday.AddDays(1) }, CancellationToken.None);
        Writes.Same(first with { AppliedAt = Monday.AddDays(1) }, await Store.FindDefinitionAsync("app", CancellationToken.None));
    }

    [ServerFact]
    public async Task List_SeveralNames_GivesTheCurrentOnesByName()
    {
        foreach (var definition in new[] { Make("feature", "1", ""), Make("app", "2", ""), Make("bugfix", "3", ""), Make("app", "4", "") })
        {
            await Store.ApplyDefinitionAsync(definition, CancellationToken.None);
        }

        var listed = await Store.ListDefinitionsAsync(CancellationToken.None);
        Assert.Equal(["app", "bugfix", "feature"], listed.Select(definition => definition.Definition.Name));
        Assert.Equal("4", listed[0].Definition.Description);
    }

    [ServerFact]
    public async Task Apply_ManyAtOnce_OneIsCurrentAndAllAreThere()
    {
        var definitions = Enumerable.Range(0, 16).Select(i => Make("app", $"{i}", "")).ToList();
        await Task.WhenAll(definitions.Select(definition => Task.Run(() => Store.ApplyDefinitionAsync(definition, CancellationToken.None))));
        Assert.Contains((await Store.FindDefinitionAsync("app", CancellationToken.None))!.Version, definitions.Select(definition => definition.Version));
        foreach (var definition in definitions)
        {
            Assert.NotNull(await Store.LoadDefinitionAsync(definition.Version, CancellationToken.None));
        }
    }

    private static StoredDefinition Make(string name, string description, string source, bool builtIn = false) => new(
        new WorkflowDefinition
        {
            Name = name,
            Description = description,
            Type = name,
            Timeout = TimeSpan.FromMinutes(90),
            Stages =
            [
                new StageDefinition { Name = "build", Agent = "builder", With = JsonPayload.Parse("""{"a":1}"""), Timeout = TimeSpan.FromSeconds(5), DisplayState = "BUILDING" },
                new StageDefinition { Name = "test", Agent = "tester", Needs = ["build"], Approval = new ApprovalGate { Prompt = "Go?", ExpiresAfter = TimeSpan.FromHours(1) } },
            ],
        },
        $"{name}-{description}",
        source,
        builtIn,
        Monday);
}
