using Microsoft.Extensions.AI;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>
/// Asks models and waits for them: a gateway that is away, a provider that rests, throttling. Short waits are made here, so that the conversation goes on; after that the attempt gives its
/// place back and is made again later, which costs nothing.
/// </summary>
/// <param name="context">The attempt.</param>
internal sealed class LoopChat(AgentContext context)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_snooze = TimeSpan.FromSeconds(30);

    private TimeSpan _waited;

    /// <summary>How often something failed that was not the loop's fault.</summary>
    public int Interruptions { get; private set; }

    /// <summary>Asks.</summary>
    /// <exception cref="LaterException">It would have to wait for long.</exception>
    /// <exception cref="AgentFailure">Waiting does not help.</exception>
    public async Task<ChatResponse> AskAsync(IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await context.Chat.GetResponseAsync(messages, options, cancellationToken);
            }
            catch (AgentFailure failure) when (failure.Error.Class is FailureClass.Infrastructure or FailureClass.Throttled)
            {
                await WaitAsync(failure.Error, failures, cancellationToken);
            }
        }
    }

    /// <summary>Waits because of something that was not the loop's fault, or asks to be made again later.</summary>
    /// <param name="error">What failed.</param>
    /// <param name="failures">How often it failed in a row before.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LaterException">The wait would be long.</exception>
    public async Task WaitAsync(StructuredError error, int failures, CancellationToken cancellationToken)
    {
        Interruptions++;
        var backOff = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(failures, 10)), s_longest.TotalSeconds));
        var wait = error.RetryAfterMs is { } asked ? TimeSpan.FromMilliseconds(asked) : backOff;
        var word = error.Class is FailureClass.Throttled ? "throttled" : "infrastructure";
        if (wait > s_longest || _waited + wait > s_patience)
        {
            throw new LaterException(wait > s_snooze ? wait : s_snooze, $"{word}, not counted: {error.Message}");
        }

        context.Log(FormattableString.Invariant($"{word}, not counted, again in {wait.TotalSeconds:0.#} s: {error.Message}"));
        context.Report(null, $"waits {wait.TotalSeconds:0.#} s for the model: {error.Code}");
        _waited += wait;
        await Task.Delay(wait, context.Time, cancellationToken);
    }
}

/// <summary>The attempt should be made again later.</summary>
/// <param name="delay">When.</param>
/// <param name="reason">Why.</param>
internal sealed class LaterException(TimeSpan delay, string reason) : Exception(reason)
{
    /// <summary>When.</summary>
    public TimeSpan Delay { get; } = delay;

    /// <summary>The outcome that asks for it.</summary>
    public StageOutcome.Snoozed ToOutcome() => new() { DelayMs = (long)Delay.TotalMilliseconds, Reason = Message };
}
