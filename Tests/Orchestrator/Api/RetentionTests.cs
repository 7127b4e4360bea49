using System.Globalization;
using System.Net;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>On an orchestrator of their own: what they remove could be what others look at.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private OrchestratorHost _host = null!;

    private static string Now => DateTimeOffset.UtcNow.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    public async Task InitializeAsync() => _host = await OrchestratorHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Show_NothingAsked_SaysThePeriodThatIsSetAndThatNothingIsPastIt()
    {
        await EndedAsync(1);
        var retention = await ShowAsync();
        Assert.Equal((TimeSpan.FromDays(90), TimeSpan.FromHours(1), 0, false), (retention.Period, retention.Interval, retention.Count, retention.More));
        Assert.Empty(retention.Workflows);
        Assert.InRange(DateTimeOffset.UtcNow - retention.EndedBefore!.Value, TimeSpan.FromDays(90), TimeSpan.FromDays(90) + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Show_AnotherTime_DescribesThoseThatEndedFirst()
    {
        var running = await _host.SubmitAsync(await _host.DefineAsync(1));
        var ended = await EndedAsync(3);
        var retention = await ShowAsync($"?limit=2&ended_before={Now}");
        Assert.Equal((3, false), (retention.Count, retention.More));
        Assert.Equal(ended.Take(2), retention.Workflows.Select(workflow => workflow.Id));
        Assert.DoesNotContain(retention.Workflows, workflow => workflow.Id == running.Id);
        var (first, shown) = (retention.Workflows[0], await _host.ShowAsync(ended[0]));
        Assert.Equal((shown.Name, WorkflowStatus.Canceled, shown.CompletedAt), (first.Name, first.Status, first.EndedAt));
        Assert.Equal(0, (await ShowAsync("?ended_before=2020-01-01T00:00:00Z")).Count);
    }

    [Fact]
    public async Task Prune_Ended_TakesItsWorkspaceAlongAndLeavesWhatRuns()
    {
        var (ended, running) = (await InitializedAsync(), await InitializedAsync());
        await _host.Client.PostAsync($"/api/v1/workflows/{ended}/cancel", null).ValueAsync<WorkflowResource>();
        Assert.Single(FoldersOf(ended));
        var pruned = await PruneAsync($$"""{"ended_before":"{{Now}}"}""").ValueAsync<PruneResource>();
        Assert.Equal((false, 1, false), (pruned.DryRun, pruned.Count, pruned.More));
        Assert.Equal([ended], pruned.WorkflowIds);
        Assert.Empty(FoldersOf(ended));
        await _host.Client.GetAsync($"/api/v1/workflows/{ended}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.Single(FoldersOf(running));
        Assert.NotEmpty((await _host.Client.GetAsync($"/api/v1/workflows/{running}/files").ValueAsync<FileTree>()).Files);
    }

    [Fact]
    public async Task Prune_DryRun_NamesAndRemovesNothing()
    {
        var ended = await EndedAsync(3);
        var would = await PruneAsync($$"""{"ended_before":"{{Now}}","limit":2,"dry_run":true}""").ValueAsync<PruneResource>();
        Assert.Equal((true, 2, true), (would.DryRun, would.Count, would.More));
        Assert.Equal(ended.Take(2), would.WorkflowIds);
        Assert.Equal(3, (await ShowAsync($"?ended_before={Now}")).Count);
    }

    [Fact]
    public async Task Prune_MoreThanTheLimit_SaysSoUntilNoneIsLeft()
    {
        var ended = await EndedAsync(3);
        var body = $$"""{"ended_before":"{{Now}}","limit":2}""";
        var (first, second, third) = (await PruneAsync(body).ValueAsync<PruneResource>(), await PruneAsync(body).ValueAsync<PruneResource>(), await PruneAsync(body).ValueAsync<PruneResource>());
        Assert.Equal(ended.Take(2), first.WorkflowIds);
        Assert.Equal(ended.Skip(2), second.WorkflowIds);
        Assert.Empty(third.WorkflowIds);
        Assert.Equal((true, false, false), (first.More, second.More, third.More));
    }

    [Fact]
    public async Task Prune_SeveralAtOnce_TellOfEachWorkflowOnce()
    {
        var ended = await EndedAsync(WorkflowRemover.Piece + 10);
        var body = $$"""{"ended_before":"{{Now}}","limit":1000}""";
        var pruned = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PruneAsync(body).ValueAsync<PruneResource>()));
        Assert.Equal(ended.Order(), pruned.SelectMany(answer => answer.WorkflowIds).Order());
        Assert.All(pruned, answer => Assert.False(answer.More));
    }

    [Theory]
    [InlineData("{}", "ended_before: it is missing. Write a time that has passed, for example 2026-01-31T12:00:00Z; GET /api/v1/retention says")]
    [InlineData("""{"ended_before":"9999-01-01T00:00:00Z"}""", "ended_before: 9999-01-01T00:00:00.0000000+00:00 lies in the future; here it is ")]
    [InlineData("""{"ended_before":"yesterday"}""", "ended_before must be a time, for example 2026-01-31T12:00:00Z.")]
    [InlineData("""{"ended_before":"2020-01-01T00:00:00Z","limit":0}""", "limit: 0 is not a number from 1 to 1000.")]
    [InlineData("""{"ended_before":"2020-01-01T00:00:00Z","limit":1001,"dry_run":true}""", "limit: 1001 is not a number from 1 to 1000.")]
    public async Task Prune_MakesNoSense_IsToldWhatToWrite(string body, string begin)
    {
        var problem = await PruneAsync(body).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.StartsWith(begin, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ended_before=yesterday", "ended_before: 'yesterday' is not a time. Write for example 2026-01-31T12:00:00Z.")]
    [InlineData("ended_before=9999-01-01T00:00:00Z", "ended_before: 9999-01-01T00:00:00.0000000+00:00 lies in the future; here it is ")]
    [InlineData("limit=501", "limit: '501' is not a whole number from 1 to 500.")]
    public async Task Show_MakesNoSense_IsToldWhatToWrite(string query, string begin)
    {
        var problem = await _host.Client.GetAsync($"/api/v1/retention?{query}").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.StartsWith(begin, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retention_KeptForEverAndSmallKeys_RemovesNothingByItselfNorForThem()
    {
        const string ReadKey = "read-key-01234567890", WriteKey = "write-key-0123456789";
        await using var host = await OrchestratorHost.StartAsync(
            "Engine:RetentionPeriod=00:00:00", $"Stack:ApiKeys:ann:Key={ReadKey}", "Stack:ApiKeys:ann:Scope=read", $"Stack:ApiKeys:bob:Key={WriteKey}", "Stack:ApiKeys:bob:Scope=write");
        using var reader = host.ClientWith(ReadKey);
        var retention = await reader.GetAsync("/api/v1/retention").ValueAsync<RetentionResource>();
        Assert.Equal((null, null, null, 0), (retention.Period, retention.Interval, retention.EndedBefore, retention.Count));
        using var writer = host.ClientWith(WriteKey);
        await writer.PostAsync("/api/v1/retention/prune", Answers.Json("""{"ended_before":"2020-01-01T00:00:00Z"}""")).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
    }

    private async Task<List<WorkflowId>> EndedAsync(int count)
    {
        var definition = await _host.DefineAsync(1);
        var ended = new List<WorkflowId>();
        for (var i = 0; i < count; i++)
        {
            var workflow = await _host.SubmitAsync(definition);
            await _host.Client.PostAsync($"/api/v1/workflows/{workflow.Id}/cancel", null).ValueAsync<WorkflowResource>();
            ended.Add(workflow.Id);
        }

        return ended;
    }

    private async Task<WorkflowId> InitializedAsync()
    {
        var workflow = await _host.SubmitAsync("app");
        await _host.UntilAsync(workflow.Id, shown => shown.HeadCommit is not null, "the workspace is there");
        return workflow.Id;
    }

    private string[] FoldersOf(WorkflowId id) => Directory.GetDirectories(Path.Combine(_host.Folder, "workspaces"), $"{id}.git", SearchOption.AllDirectories);

    private Task<RetentionResource> ShowAsync(string query = "") => _host.Client.GetAsync("/api/v1/retention" + query).ValueAsync<RetentionResource>();

    private Task<HttpResponseMessage> PruneAsync(string body) => _host.Client.PostAsync("/api/v1/retention/prune", Answers.Json(body));
}
