using System.Diagnostics;
using Stack.Agents.Runtime;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents;

public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_UnknownType_NamesTheTypesAndEndsWith64()
    {
        var (code, text) = await RunAsync("--type", "nop");

        Assert.Equal(64, code);
        Assert.Contains("There is no agent type 'nop'. Did you mean 'noop'? Choose one with --type:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutType_SaysSo()
    {
        var (code, text) = await RunAsync();

        Assert.Equal(64, code);
        Assert.Contains("No agent type was given.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WrongJoinToken_EndsWith78AndNamesTheSetting()
    {
        await using var server = await new FeedServer(new InMemoryTaskFeed()) { JoinToken = "right" }.StartAsync();

        var (code, text) = await RunAsync("--type", "noop", "--Stack:OrchestratorUrl", server.Address.AbsoluteUri, "--Stack:AgentToken", "wrong");

        Assert.Equal(AgentWorker.RefusedExitCode, code);
        Assert.Contains("Stack:AgentToken", text, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ToldToTerminate_LeavesAndEndsWith0()
    {
        var feed = new InMemoryTaskFeed();
        await using var server = await new FeedServer(feed).StartAsync();
        using var process = Start("--type", "noop", "--Stack:OrchestratorUrl", server.Address.AbsoluteUri);
        var output = process.StandardOutput.ReadToEndAsync();
        await Eventually.TrueAsync(() => !feed.Agents.IsEmpty, "it registers");

        using var kill = Process.Start("kill", [process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, process.ExitCode);
        Assert.Single(feed.Gone);
        Assert.Contains("left", await output, StringComparison.Ordinal);
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(AgentContext).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("Stack__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("services__", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return Process.Start(start)!;
    }

    private async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return (process.ExitCode, await output + await error);
    }
}
