using Stack.Tests.EndToEnd;

namespace Stack.Tests.AppHost.Offline.Running;

public sealed class AppHostCommandTests
{
    [Fact]
    public async Task Help_IsAskedFor_ListsEveryOptionAndStartsNothing()
    {
        var (exitCode, output, _) = await RunAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.All(["--orchestrator-port PORT", "--data DIR", "--infrastructure MODE", "--environment NAME"], option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("error: Failed to convert configuration value 'abc' at 'orchestrator-port' to type 'System.Int32'.", "--orchestrator-port", "abc")]
    [InlineData("error: The port of 'orchestrator' (http) is 70000; it must be from 1 to 65535.", "--orchestrator-port", "70000")]
    [InlineData("error: --infrastructure is 'cloud', and it must be one of auto, containers, processes, embedded.", "--infrastructure", "cloud")]
    [InlineData("error: The data directory /dev/null/x cannot be made: Could not find a part of the path '/dev/null/x'. Choose another with --data DIR.", "--data", "/dev/null/x")]
    public async Task Option_IsWrong_IsRefusedInOneLine(string message, string option, string value)
    {
        using var data = new TemporaryDirectory();
        string[] directory = option == "--data" ? [] : ["--data", data.Path];

        var (exitCode, output, errors) = await RunAsync([option, value, .. directory]);

        Assert.Equal(1, exitCode);
        Assert.Equal(message, errors.Trim());
        Assert.Equal("", output.Trim());
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        Programs.RunAsync("dotnet", AppContext.BaseDirectory, TimeSpan.FromSeconds(30), [Programs.PathOf("AppHost", "Stack.AppHost.dll"), .. arguments]);
}
