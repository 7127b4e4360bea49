using System.Security.Cryptography;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Json;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : [ true , null, "x" ] }""", """{"a":[true,null,"x"],"b":1}""")]
    [InlineData("""{"z":{"b":2,"a":1.50},"A":0}""", """{"A":0,"z":{"a":1.50,"b":2}}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    [InlineData(" 7 ", "7")]
    public void Of_AnyForm_IsTheSameBytes(string given, string canonical) => Assert.Equal(canonical, CanonicalJson.Of(JsonPayload.Parse(given)).ToString());

    [Fact]
    public void HashOf_TwoForms_IsTheHashOfTheCanonicalBytes()
    {
        var hash = CanonicalJson.HashOf(JsonPayload.Parse("""{"b":1,"a":2}"""));
        Assert.Equal(hash, CanonicalJson.HashOf(JsonPayload.Parse("""{ "a": 2, "b": 1 }""")));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("""{"a":2,"b":1}"""u8)), hash);
        Assert.NotEqual(hash, CanonicalJson.HashOf(JsonPayload.Parse("""{"a":2,"b":3}""")));
    }
}
