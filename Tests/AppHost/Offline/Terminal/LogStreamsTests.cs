namespace Stack.Tests.AppHost.Offline.Terminal;

public sealed class LogStreamsTests
{
    private const string Script = "echo 'info: all is well'; echo 'warn: look here'; echo '      and here'; echo plain; exec sleep 3000";

    [Fact]
    public async Task Terminal_ByDefault_ShowsWarningsAndTheFileEverything()
    {
        var (terminal, file) = await RunAsync("server is healthy");

        Assert.Contains("server  | warn: look here", terminal, StringComparison.Ordinal);
        Assert.Contains("server  |       and here", terminal, StringComparison.Ordinal);
        Assert.DoesNotContain("all is well", terminal, StringComparison.Ordinal);
        Assert.DoesNotContain("plain", terminal, StringComparison.Ordinal);
        Assert.Contains("server is healthy", terminal, StringComparison.Ordinal);
        Assert.All(["all is well", "look here", "and here", "plain"], text => Assert.Contains(text, file, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--verbose")]
    [InlineData("--Logging:LogLevel:{application}.Terminal=Information")]
    [InlineData("--Logging:LogLevel:{application}.Terminal.server=Information")]
    public async Task Terminal_WhenAskedForMore_ShowsEverything(string option)
    {
        var (terminal, _) = await RunAsync("all healthy", option.Replace("{application}", System.Reflection.Assembly.GetEntryAssembly()!.GetName().Name, StringComparison.Ordinal));

        Assert.Contains("server  | info: all is well", terminal, StringComparison.Ordinal);
        Assert.Contains("server  | plain", terminal, StringComparison.Ordinal);
    }

    private static async Task<(string Terminal, string File)> RunAsync(string lastWords, params string[] options)
    {
        using var directory = new TemporaryDirectory();
        var application = new TestApplication(directory, [.. options, "--infrastructure", "embedded"]);
        application.AddShell("server", Script);
        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Log("server").Contains("plain"), "all lines are read", TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(() => application.StateOf("server")?.ReadyEventHandled is { IsCompleted: true }, "it is healthy", TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(() => application.Terminal().Contains(lastWords, StringComparison.Ordinal), "the host says so", TimeSpan.FromSeconds(20));
        var file = await File.ReadAllTextAsync(Path.Combine(directory.Path, "logs", "server.log"));
        await application.DisposeAsync();
        return (application.Terminal(), file);
    }
}
