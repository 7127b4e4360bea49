using Stack.Orchestrator.Api.Definitions;

namespace Stack.Tests.Orchestrator.Api.Definitions;

public sealed class YamlTextTests
{
    [Theory]
    [InlineData("a: 1", """{"a":1}""")]
    [InlineData("a: yes", """{"a":"yes"}""")]
    [InlineData("a: true\nb: null\nc: ~\nd:", """{"a":true,"b":null,"c":null,"d":null}""")]
    [InlineData("a: '1'\nb: !!str 2\nc: 0x1F\nd: -1.5e3", """{"a":"1","b":"2","c":"0x1F","d":-1.5e3}""")]
    [InlineData("a: &x {b: 1}\nc: *x", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("a: |\n  one\n  two\n", """{"a":"one\ntwo\n"}""")]
    [InlineData("""{"a": [1, "2"]}""", """{"a":[1,"2"]}""")]
    public void Read_Yaml_IsTheSameJson(string yaml, string json)
    {
        var text = YamlText.Read(yaml);
        Assert.Empty(text.Problems);
        Assert.Equal(json, text.Root.GetRawText());
    }

    [Theory]
    [InlineData("", "The text is empty.", null)]
    [InlineData("a: 1\na: 2", "The field 'a' is there twice.", 2)]
    [InlineData("a: 1\n---\nb: 2", "There is more than one document.", 2)]
    [InlineData("a: *none", "There is no complete anchor '&none' before its use.", 1)]
    [InlineData("a: &x [*x]", "There is no complete anchor '&x' before its use.", 1)]
    [InlineData("? [a]\n: 1", "The name of a field must be a text.", 1)]
    public void Read_WhatCannotBeADefinition_IsRefusedWithItsLine(string yaml, string message, int? line)
    {
        var problem = Assert.Single(YamlText.Read(yaml).Problems);
        Assert.Equal((message, line), (problem.Message, problem.Line));
        Assert.NotEmpty(problem.Remedy);
    }

    [Fact]
    public void Read_NotYaml_NamesTheLine()
    {
        var problem = Assert.Single(YamlText.Read("a: 1\nb: [1, 2\nc: 3").Problems);
        Assert.StartsWith("It is not YAML: ", problem.Message, StringComparison.Ordinal);
        Assert.InRange(problem.Line!.Value, 2, 3);
    }

    [Fact]
    public void Read_AliasesThatMultiply_AreRefusedInsteadOfExpanded()
    {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 12).Select(n => $"a{n}: &a{n} [{string.Join(',', Enumerable.Repeat($"*a{n - 1}", 10))}]\n"));
        Assert.Equal($"There are more than {DefinitionText.MaxNodes} values.", Assert.Single(YamlText.Read(bomb).Problems).Message);
    }

    [Fact]
    public void Read_DeepNesting_IsRefused()
        => Assert.StartsWith("The values are nested deeper", Assert.Single(YamlText.Read(new string('[', 500) + new string(']', 500)).Problems).Message, StringComparison.Ordinal);
}
