using System.Text.Json;
using Stack.Checks;

namespace Stack.Tests.Orchestrator.Checks;

public sealed class JsonFragmentTests
{
    [Theory]
    [InlineData("""{"a": 1}""", """{"b": 2, "a": 1.0}""", null)]
    [InlineData("""{"a": {"b": [1, "x", null, true]}}""", """{"a": {"b": [1, "x", null, true], "c": 1}}""", null)]
    [InlineData("""{"a": 1}""", """{"a": 2}""", "$.a is 2, not 1")]
    [InlineData("""{"a": 1}""", "{}", "$.a is missing")]
    [InlineData("""{"a": "1"}""", """{"a": 1}""", "$.a is Number, not String")]
    [InlineData("[1, 2]", "[1]", "$ has 1 items, not 2")]
    [InlineData("[1, 2]", "[1, 3]", "$[1] is 3, not 2")]
    [InlineData("true", "false", "$ is False, not True")]
    [InlineData("\"a\"", "\"b\"", "$ is \"b\", not \"a\"")]
    public void FindDifference_ExpectedAndActual_NamesTheFirstDifference(string expected, string actual, string? difference)
    {
        using var first = JsonDocument.Parse(expected);
        using var second = JsonDocument.Parse(actual);

        Assert.Equal(difference, JsonFragment.FindDifference(first.RootElement, second.RootElement));
    }
}
