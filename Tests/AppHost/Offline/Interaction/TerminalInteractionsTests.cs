#pragma warning disable ASPIREINTERACTION001 // Experimental on Aspire, and tested here.
using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Interaction;

public sealed class TerminalInteractionsTests
{
    private readonly Keyboard keyboard = new();

    [Fact]
    public async Task Prompt_WhileAnotherQuestionIsOpen_IsAskedAfterIt()
    {
        await using var services = Services();
        var interactions = services.GetRequiredService<TerminalInteractions>();
        var first = interactions.PromptConfirmationAsync("First", "?");
        var second = interactions.PromptConfirmationAsync("Second", "?");
        Assert.Equal(1, keyboard.Asked);

        keyboard.Type("yes");
        Assert.True((await first.WaitAsync(TestApplication.Deadline)).Data);
        await Eventually.TrueAsync(() => keyboard.Asked == 2, "the second is asked");
        keyboard.Type("no");

        Assert.False((await second.WaitAsync(TestApplication.Deadline)).Data);
    }

    [Fact]
    public async Task Prompt_CanceledBeforeItsTurn_IsNotAskedAndHoldsUpNobody()
    {
        await using var services = Services();
        var interactions = services.GetRequiredService<TerminalInteractions>();
        using var source = new CancellationTokenSource();
        var first = interactions.PromptConfirmationAsync("First", "?");
        var canceled = interactions.PromptConfirmationAsync("Canceled", "?", cancellationToken: source.Token);
        var last = interactions.PromptConfirmationAsync("Last", "?");

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(TestApplication.Deadline));
        keyboard.Type("yes");
        keyboard.Type("yes");

        Assert.True((await first.WaitAsync(TestApplication.Deadline)).Data);
        Assert.True((await last.WaitAsync(TestApplication.Deadline)).Data);
        Assert.Equal(2, keyboard.Asked);
    }

    [Fact]
    public async Task Host_EndsWhileAQuestionIsOpen_TheAnswerIsStillTaken()
    {
        var services = Services();
        var interactions = services.GetRequiredService<TerminalInteractions>();
        var open = interactions.PromptConfirmationAsync("Open", "?");

        await services.DisposeAsync();
        keyboard.Type("yes");

        Assert.True((await open.WaitAsync(TestApplication.Deadline)).Data);
    }

    private ServiceProvider Services() => new ServiceCollection()
        .AddSingleton<ITerminalInput>(keyboard)
        .AddSingleton(_ => new TerminalOutput(TextWriter.Synchronized(new StringWriter()), isColored: false))
        .AddSingleton<TerminalInteractions>()
        .BuildServiceProvider();

    private sealed class Keyboard : ITerminalInput
    {
        private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
        private int asked;

        public int Asked => Volatile.Read(ref asked);

        public bool IsInteractive => true;

        public void Type(string line) => lines.Writer.TryWrite(line);

        public async Task<string?> ReadLineAsync(bool isSecret, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return await lines.Reader.ReadAsync(cancellationToken);
        }
    }
}
