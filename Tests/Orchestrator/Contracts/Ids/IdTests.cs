using System.Globalization;
using System.Text.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Engine;

namespace Stack.Tests.Orchestrator.Contracts.Ids;

public sealed class IdTests
{
    private static readonly WorkflowId Workflow = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));

    [Fact]
    public void WorkflowId_OfALaterMoment_SortsAfter()
    {
        var time = new ManualTimeProvider();
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 50; i++)
        {
            ids.Add(WorkflowId.New(time));
            time.Advance(TimeSpan.FromMilliseconds(1 + (i * 977)));
        }

        Assert.Equal(ids, ids.Order());
        Assert.Equal(ids.Select(id => id.ToString()), ids.Select(id => id.ToString()).Order(StringComparer.Ordinal));
        Assert.True(ids[0] < ids[1] && ids[1] > ids[0] && ids[0] <= ids[1] && ids[1] >= ids[0]);
    }

    [Fact]
    public void WorkflowId_ManyOfOneMoment_SortInTheOrderOfTheirMakingAndAreVersion7()
    {
        var time = new ManualTimeProvider();
        var ids = Enumerable.Range(0, 10_000).Select(_ => WorkflowId.New(time)).ToList();

        Assert.Equal(ids, ids.Order());
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal((7, 0x8), (id.Value.Version, id.Value.Variant & 0xC)));
        var moment = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ids[0].ToString().Replace("-", "", StringComparison.Ordinal)[..12], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        Assert.InRange(moment - time.GetUtcNow(), TimeSpan.FromMilliseconds(-1), TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public void WorkflowId_AsTextAndJson_IsReadBack()
    {
        Assert.Equal("01890a5d-ac96-774b-bcce-b302099a8057", Workflow.ToString());
        Assert.Equal(Workflow, WorkflowId.Parse(Workflow.ToString(), null));
        Assert.True(WorkflowId.TryParse(Workflow.ToString(), null, out var parsed));
        Assert.Equal(Workflow, parsed);
        Assert.False(WorkflowId.TryParse("not-an-id", null, out _));
        Assert.False(WorkflowId.TryParse(null, null, out _));
        var json = JsonSerializer.Serialize(Workflow, StackJson.Options);
        Assert.Equal($"\"{Workflow}\"", json);
        Assert.Equal(Workflow, JsonSerializer.Deserialize<WorkflowId>(json, StackJson.Options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<WorkflowId>("\"not-an-id\"", StackJson.Options));
    }

    [Theory]
    [InlineData("")]
    [InlineData("noop\u0000")]
    [InlineData("noop\n1")]
    [InlineData("noop\ud83d\ude00")]
    public void AgentId_ThatNotEveryStoreCouldHold_IsRefused(string text)
    {
        Assert.False(AgentId.TryParse(text, null, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AgentId>(JsonSerializer.Serialize(text), StackJson.Options));
    }

    [Theory]
    [InlineData("e2e_testing", 1)]
    [InlineData("a-b_c9", int.MaxValue)]
    public void TaskId_AsTextAndJson_IsReadBack(string stage, int attempt)
    {
        var id = new TaskId(Workflow, stage, attempt);
        Assert.Equal($"01890a5dac96774bbcceb302099a8057.{stage}.{attempt}", id.ToString());
        Assert.Equal(id, TaskId.Parse(id.ToString(), null));
        Assert.Equal(id, JsonSerializer.Deserialize<TaskId>(JsonSerializer.Serialize(id, StackJson.Options), StackJson.Options));
        Assert.Equal(id, TaskId.Parse($"{Workflow}.{stage}.{attempt}", null));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("01890a5dac96774bbcceb302099a8057")]
    [InlineData("01890a5dac96774bbcceb302099a8057.build")]
    [InlineData("01890a5dac96774bbcceb302099a8057..1")]
    [InlineData("01890a5dac96774bbcceb302099a8057.build.-1")]
    [InlineData("01890a5dac96774bbcceb302099a8057.build.+1")]
    [InlineData("01890a5dac96774bbcceb302099a8057.build. 1")]
    [InlineData("01890a5dac96774bbcceb302099a8057.build.99999999999")]
    public void TaskId_NotOne_IsRefusedNamingTheForm(string? text)
    {
        Assert.False(TaskId.TryParse(text, null, out _));
        var refused = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskId>(JsonSerializer.Serialize(text), StackJson.Options));
        Assert.Contains("workflow.stage.attempt", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AgentId_New_IsTypeAndEightDigits()
    {
        var random = new Random(7);
        for (var i = 0; i < 100; i++)
        {
            Assert.Matches("^scaffold-[0-9a-f]{8}$", AgentId.New("scaffold", random).ToString());
        }
    }

    [Fact]
    public void AgentId_EmptyOrLong_IsRefused()
    {
        Assert.False(AgentId.TryParse("", null, out _));
        Assert.False(AgentId.TryParse(new string('a', 129), null, out _));
        Assert.True(AgentId.TryParse(new string('a', 128), null, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AgentId>("\"\"", StackJson.Options));
        Assert.Equal("", default(AgentId).ToString());
    }
}
