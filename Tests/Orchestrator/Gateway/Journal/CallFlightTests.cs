using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Journal;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Tests.Orchestrator.Gateway.Journal;

public sealed class CallFlightTests
{
    private static readonly WholeAnswer s_answer = new("Hi.", "", [], "stop", new TokenUse(1, 1));

    [Fact]
    public async Task Read_WhoAskedFirstLeaves_TheOtherGetsTheAnswer()
    {
        var flight = new CallFlight(new CancellationTokenSource());
        var go = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        var running = flight.RunAsync(async token =>
        {
            token.Register(() => ended.TrySetResult());
            await go.Task.WaitAsync(token);
            return new Whole(s_answer);
        });
        using var leaving = new CancellationTokenSource();
        var first = flight.ReadAsync(() => { }, leaving.Token);
        Assert.True(flight.TryJoin());
        var read = 0;
        var second = flight.ReadAsync(() => read++, CancellationToken.None);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(ended.Task.IsCompleted);
        go.SetResult();

        await using var answer = await second;
        Assert.Equal("Hi.", (await answer.ReadAsync()).Text);
        Assert.Equal(1, read);
        await running;
    }

    [Fact]
    public async Task Read_LastOneLeaves_NobodyCanJoinAndTheWorkIsEnded()
    {
        var flight = new CallFlight(new CancellationTokenSource());
        var ended = new TaskCompletionSource();
        var running = flight.RunAsync(async token =>
        {
            token.Register(() => ended.TrySetResult());
            await Task.Delay(Timeout.Infinite, token);
            return new Whole(s_answer);
        });
        using var leaving = new CancellationTokenSource();
        var only = flight.ReadAsync(() => { }, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await running;
        Assert.False(flight.TryJoin());
    }

    [Fact]
    public async Task Read_Fails_AllGetTheFailure()
    {
        var flight = new CallFlight(new CancellationTokenSource());
        Assert.True(flight.TryJoin());
        await flight.RunAsync(_ => throw new ModelFailure(FailureKind.Unavailable, "Away."));
        Assert.Equal("Away.", (await Assert.ThrowsAsync<ModelFailure>(() => flight.ReadAsync(() => { }, CancellationToken.None))).Message);
        Assert.Equal("Away.", (await Assert.ThrowsAsync<ModelFailure>(() => flight.ReadAsync(() => { }, CancellationToken.None))).Message);
    }

    private sealed class Whole(WholeAnswer answer) : Answer
    {
        private readonly IEnumerator<AnswerPart> _parts = answer.Parts().GetEnumerator();

        public override string Model => "tiny";

        public override string Provider => "test";

        public override string Decision => "";

        public override ValueTask<AnswerPart?> NextAsync() => new(_parts.MoveNext() ? _parts.Current : null);

        public override ValueTask DisposeAsync()
        {
            _parts.Dispose();
            return default;
        }
    }
}
