using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Tests.Orchestrator.Gateway.Providers;

public sealed class LooseJsonTests
{
    [Theory]
    [InlineData("""{"a": 1}""", """{"a":1}""")]
    [InlineData("{'a': 'it\\'s', 'b': True, 'c': None,}", """{"a":"it's","b":true,"c":null}""")]
    [InlineData("{\"a\": \"two\nlines\"}", """{"a":"two\nlines"}""")]
    [InlineData("""{"a": [1, 2, {"b": "c""", """{"a":[1,2,{"b":"c"}]}""")]
    [InlineData("{path: a1, n: -1.5e3}", """{"path":"a1","n":-1.5e3}""")]
    public void Object_AsModelsWriteIt_IsRead(string text, string expected) =>
        Assert.Equal(expected.Replace("'", "\\u0027", StringComparison.Ordinal), LooseJson.Object(text)?.ToJsonString());

    [Theory]
    [InlineData("")]
    [InlineData("Hello there")]
    [InlineData("[1]")]
    public void Object_WhatIsNone_IsNull(string text) => Assert.Null(LooseJson.Object(text));
}
