using System.Diagnostics;
using Microsoft.Extensions.AI;
using Stack.Agents.Loop.Native;
using Stack.Agents.Runtime;
using Stack.Contracts;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents.Loop.Native;

public sealed class WorkspaceToolsTests
{
    [Theory]
    [InlineData("../secret.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../secret.txt")]
    [InlineData(".git/config")]
    [InlineData("way-out/passwd")]
    [InlineData("passwd-link")]
    public async Task Files_PathLeavesTheWorkspace_IsRefusedForEveryTool(string path)
    {
        await InWorkspaceAsync(async (tools, directory) =>
        {
            Directory.CreateSymbolicLink(Path.Combine(directory, "way-out"), "/etc");
            File.CreateSymbolicLink(Path.Combine(directory, "passwd-link"), "/etc/passwd");
            foreach (var call in new[] { Call("read_file", ("path", path)), Call("write_file", ("path", path), ("content", "x")), Call("edit_file", ("path", path), ("old_text", "a"), ("new_text", "b")), Call("list_files", ("path", path)), Call("search", ("pattern", "root"), ("path", path)) })
            {
                var (text, made) = await tools.InvokeAsync(call, CancellationToken.None);
                Assert.False(made, text);
                Assert.DoesNotContain("root:", text, StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public async Task Files_WrittenEditedReadSearchedListed_AreAsTheModelIsTold()
    {
        await InWorkspaceAsync(async (tools, directory) =>
        {
            Assert.Equal("Wrote src/a.txt: 17 characters.", await SayAsync(tools, Call("write_file", ("path", "src/a.txt"), ("content", "one\ntwo\nthree\none"))));
            Assert.Contains("more than once", await SayAsync(tools, Call("edit_file", ("path", "src/a.txt"), ("old_text", "one"), ("new_text", "1"))), StringComparison.Ordinal);
            Assert.Equal("Changed src/a.txt.", await SayAsync(tools, Call("edit_file", ("path", "src/a.txt"), ("old_text", "one\ntwo"), ("new_text", "1\n2"))));
            Assert.Equal("1\n2\nthree\none", await SayAsync(tools, Call("read_file", ("path", "src/a.txt"))));
            Assert.Equal("three\none", await SayAsync(tools, Call("read_file", ("path", "./src/a.txt"), ("line", 3))));
            Assert.Equal("src/a.txt:3: three\n", await SayAsync(tools, Call("search", ("pattern", "^th.+e$"))));
            Assert.Equal("README.md\nsrc/a.txt", await SayAsync(tools, Call("list_files")));
            Assert.Contains("There is no file 'b.txt'", await SayAsync(tools, Call("read_file", ("path", "b.txt"))), StringComparison.Ordinal);
            Assert.Contains("no regular expression", await SayAsync(tools, Call("search", ("pattern", "("))), StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(directory, "src/a.txt")));
        });
    }

    [Fact]
    public async Task Invoke_UnknownToolOrWrongArguments_TellsTheModelWhatThereIs()
    {
        await InWorkspaceAsync(async (tools, _) =>
        {
            Assert.Equal(
                ("There is no tool 'fly'. The tools are: read_file, write_file, edit_file, list_files, search, run_command.", false),
                await tools.InvokeAsync(Call("fly"), CancellationToken.None));
            Assert.Equal(
                ("The arguments of write_file are no JSON object. Write them as one, for example {\"path\": \"…\", \"content\": \"…\"}.", false),
                await tools.InvokeAsync(ChatWire.CallOf("1", "write_file", "path=a.txt"), CancellationToken.None));
            Assert.Equal(("The argument 'content' is missing. Give it as a text.", false), await tools.InvokeAsync(Call("write_file", ("path", "a.txt")), CancellationToken.None));
        });
    }

    [Fact]
    public async Task RunCommand_PrintsAHundredMegabytes_TheModelGetsHeadAndTail()
    {
        await InWorkspaceAsync(async (tools, _) =>
        {
            var text = await SayAsync(tools, Call("run_command", ("command", "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last")));
            Assert.StartsWith("Exit code 0. Its output:\nfirst\n", text, StringComparison.Ordinal);
            Assert.EndsWith("last\n", text, StringComparison.Ordinal);
            Assert.Contains("characters left out", text, StringComparison.Ordinal);
            Assert.InRange(text.Length, 10_000, 17_000);
        });
    }

    [Fact]
    public async Task RunCommand_NeverEnds_IsEndedWithAllThatItStartedAndTheModelIsTold()
    {
        await InWorkspaceAsync(async (tools, directory) =>
        {
            var began = Stopwatch.GetTimestamp();
            var text = await SayAsync(tools, Call("run_command", ("command", "echo begun; (sleep 600; echo x > left.txt) & sleep 600"), ("timeout_seconds", 1)));
            Assert.StartsWith("It did not end within 1 s and was ended, with all that it had started. Its output:\nbegun", text, StringComparison.Ordinal);
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 15);
            Assert.False(File.Exists(Path.Combine(directory, "left.txt")));
        });
    }

    [Fact]
    public async Task RunCommand_Environment_HasNoSecrets()
    {
        Environment.SetEnvironmentVariable("STACK_TEST_SECRET", "hush");
        await InWorkspaceAsync(async (tools, _) =>
        {
            var text = await SayAsync(tools, Call("run_command", ("command", "env; exit 3")));
            Assert.StartsWith("Exit code 3.", text, StringComparison.Ordinal);
            Assert.DoesNotContain("hush", text, StringComparison.Ordinal);
        });
    }

    private static FunctionCallContent Call(string name, params (string Name, object? Value)[] arguments) => new("1", name, arguments.ToDictionary(pair => pair.Name, pair => pair.Value));

    private static async Task<string> SayAsync(WorkspaceTools tools, FunctionCallContent call) => (await tools.InvokeAsync(call, CancellationToken.None)).Text;

    private static async Task InWorkspaceAsync(Func<WorkspaceTools, string, Task> test)
    {
        await using var bench = await AgentBench.CreateAsync();
        var agent = new ScriptedAgent(
            async (context, _) =>
            {
                await test(new WorkspaceTools(context.Workspace, context.Processes, TimeSpan.FromSeconds(30)), context.Workspace.Directory);
                return new StageOutcome.Completed();
            },
            usesWorkspace: true);
        (await bench.RunAsync(agent)).Completed();
    }
}
