#pragma warning disable ASPIREINTERACTION001 // Experimental on Aspire, and tested here.
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Interaction;

public sealed class MissingParameterTests
{
    [Fact]
    public async Task Start_NobodyToAsk_NamesTheWaysAndTheRestRuns()
    {
        await using var application = Application(new TypedLines([], isInteractive: false));
        application.AddSleeper("rest");
        await application.StartAsync();
        await application.States.WaitForResourceAsync("user", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        Assert.Equal(KnownResourceStates.ValueMissing, application.StateOf("api-key")?.State?.Text);
        var said = string.Join(' ', application.Log("user"));
        Assert.Contains("--Parameters:api-key VALUE", said, StringComparison.Ordinal);
        Assert.Contains("Parameters__api_key=VALUE", said, StringComparison.Ordinal);
        await application.States.WaitForResourceHealthyAsync("rest", TestApplication.Deadline);
    }

    [Fact]
    public async Task Start_SomebodyAtTheTerminal_IsAskedAndTheAnswerIsKept()
    {
        using var directory = new TemporaryDirectory();
        var asked = new TypedLines(["", "typed-1"], isInteractive: true);
        await using (var application = Application(asked, directory))
        {
            await application.StartAsync();
            await Eventually.TrueAsync(() => application.Log("user").Contains("key=typed-1"), "the service got the typed value");
            Assert.Equal([true, true], asked.Secrets);
        }
        await using var again = Application(new TypedLines([], isInteractive: false), directory);
        await again.StartAsync();
        await Eventually.TrueAsync(() => again.Log("user").Contains("key=typed-1"), "the value was kept");
    }

    [Fact]
    public async Task SetParameter_WhileTheServiceLacksIt_StartsTheService()
    {
        await using var application = Application(new TypedLines([], isInteractive: false));
        await application.StartAsync();
        await application.States.WaitForResourceAsync("user", KnownResourceStates.FailedToStart, TestApplication.Deadline);
        var without = await application.Application.ResourceCommands.ExecuteCommandAsync("api-key", "set-parameter");
        Assert.Contains("argument 'value'", without.ErrorMessage, StringComparison.Ordinal);
        var value = new InteractionInputCollection([new InteractionInput { Name = "value", InputType = InputType.SecretText, Value = "given" }]);
        Assert.True((await application.Application.ResourceCommands.ExecuteCommandAsync("api-key", "set-parameter", value)).Success);
        await Eventually.TrueAsync(() => application.Log("user").Contains("key=given"), "the service was started with the value");
        Assert.Equal(KnownResourceStates.Running, application.StateOf("api-key")?.State?.Text);
    }

    [Fact]
    public async Task Prompt_WrongAnswers_AreAskedAgain()
    {
        var lines = new TypedLines(["many", "7", "blue", "red", "no"], isInteractive: true);
        await using var output = new TerminalOutput(TextWriter.Null, isColored: false);
        var interactions = new TerminalInteractions(lines, output, new ServiceCollection().BuildServiceProvider());
        var number = new InteractionInput { Name = "count", InputType = InputType.Number, Required = true };
        var color = new InteractionInput { Name = "color", InputType = InputType.Choice, Options = [new("red", "Red"), new("green", "Green")] };
        var result = await interactions.PromptInputsAsync("Two", null, [number, color]);
        Assert.False(result.Canceled);
        Assert.Equal(("7", "red"), (result.Data["count"].Value, result.Data["color"].Value));
        Assert.False((await interactions.PromptConfirmationAsync("Sure", "?")).Data);
        Assert.True((await interactions.PromptConfirmationAsync("Sure", "?")).Canceled);
    }

    private static TestApplication Application(ITerminalInput input, TemporaryDirectory? directory = null)
    {
        var application = directory is null ? new TestApplication() : new TestApplication(directory);
        application.Builder.Services.AddSingleton(input);
        var key = application.Builder.AddParameter("api-key", secret: true);
        application.AddShell("user", "echo key=$KEY; exec sleep 3000").WithEnvironment("KEY", key);
        return application;
    }

    private sealed class TypedLines(IEnumerable<string> lines, bool isInteractive) : ITerminalInput
    {
        private readonly Queue<string> lines = new(lines);

        public List<bool> Secrets { get; } = [];

        public bool IsInteractive => isInteractive;

        public Task<string?> ReadLineAsync(bool isSecret, CancellationToken cancellationToken)
        {
            Secrets.Add(isSecret);
            return Task.FromResult(lines.TryDequeue(out var line) ? line : null);
        }
    }
}
