using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Tests.Orchestrator.Gateway.Routing;

public sealed class ToolTextTests
{
    private static readonly ToolSpec[] s_tools = [new("read_file", null, null), new("search", null, null)];

    [Theory]
    [InlineData("""{"name": "read_file", "arguments": {"path": "a"}}""")]
    [InlineData("""{"tool": "read_file", "arguments": {"path": "a"}}""")]
    [InlineData("""{"function": {"name": "readFile", "arguments": "{\"path\": \"a\"}"}}""")]
    [InlineData("""{"name": "read_file", "parameters": {"path": "a"}}""")]
    [InlineData("```json\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}\n```")]
    [InlineData("<tool_call>\n{'name': 'read_file', 'arguments': {'path': 'a',}}\n</tool_call>")]
    [InlineData("<function=read_file>{\"path\": \"a\"}</function>")]
    [InlineData("[TOOL_CALLS] [{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}]")]
    [InlineData("""{"tool_calls": [{"name": "read_file", "arguments": {"path": "a"}}]}""")]
    public void Read_CallInAnyForm_IsACall(string text)
    {
        var reading = ToolText.Read(text, s_tools, ToolRung.Native);

        var call = Assert.Single(reading.Calls);
        Assert.Equal(("read_file", """{"path":"a"}"""), (call.Name, call.Arguments));
        Assert.Equal("", reading.Text);
    }

    [Theory]
    [InlineData("""{"name": "delete_everything", "arguments": {}}""")]
    [InlineData("""{"answer": 42}""")]
    [InlineData("Use read_file with {\"path\": \"a\"}.")]
    [InlineData("[1, 2, 3]")]
    public void Read_WhatIsNoCallOfAKnownTool_StaysText(string text) => Assert.Equal((text, 0), (ToolText.Read(text, s_tools, ToolRung.Native).Text, ToolText.Read(text, s_tools, ToolRung.Native).Calls.Count));
}
