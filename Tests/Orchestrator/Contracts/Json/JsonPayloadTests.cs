using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Json;

public sealed class JsonPayloadTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("[1,2,{\"a\":null}]")]
    [InlineData("\"text with \\u00e9 and \\\"quotes\\\"\"")]
    [InlineData("12345678901234567890.5e-7")]
    [InlineData("true")]
    public void Payload_OnItsWay_IsNotTouched(string json)
    {
        var carried = JsonSerializer.Deserialize<StageOutcome>($$"""{"type":"stage.completed","output":{{json}}}""", StackJson.Options);
        var output = Assert.IsType<StageOutcome.Completed>(carried).Output!;
        Assert.Equal(json, output.ToString());
        Assert.EndsWith($"\"output\":{json}}}", JsonSerializer.Serialize(carried, StackJson.Options), StringComparison.Ordinal);
    }

    [Fact]
    public void Payload_AbsentOrNull_IsNull()
    {
        Assert.Null(((StageOutcome.Completed)JsonSerializer.Deserialize<StageOutcome>("""{"type":"stage.completed"}""", StackJson.Options)!).Output);
        Assert.Null(((StageOutcome.Completed)JsonSerializer.Deserialize<StageOutcome>("""{"type":"stage.completed","output":null}""", StackJson.Options)!).Output);
    }

    [Fact]
    public void Equality_IsByBytes()
    {
        Assert.Equal(JsonPayload.Parse("{\"a\":1}"), JsonPayload.Parse("{\"a\":1}"));
        Assert.Equal(JsonPayload.Parse("{\"a\":1}").GetHashCode(), JsonPayload.Parse("{\"a\":1}").GetHashCode());
        Assert.NotEqual(JsonPayload.Parse("{\"a\":1}"), JsonPayload.Parse("{\"a\": 1}"));
        Assert.False(JsonPayload.EmptyObject.Equals(null));
    }

    [Fact]
    public void FromAndTo_OfAValue_AreInverse()
    {
        var value = new ReferenceUpdate("refs/heads/main", "abc");
        Assert.Equal(value, JsonPayload.From(value).To<ReferenceUpdate>());
        Assert.Equal("""{"name":"refs/heads/main","commit":"abc"}""", JsonPayload.From(value).ToString());
    }

    [Fact]
    public void Parse_NotJson_IsRefused()
        => Assert.ThrowsAny<JsonException>(() => JsonPayload.Parse("{a:1}"));

    [Fact]
    public void Element_OutlivesItsDocument()
        => Assert.Equal(7, JsonPayload.Parse("""{"n":7}""").ToElement().GetProperty("n").GetInt32());

    [Fact]
    public void SizeBytes_IsOfTheUtf8Text()
        => Assert.Equal(4, JsonPayload.Parse("\"é\"").SizeBytes);
}
