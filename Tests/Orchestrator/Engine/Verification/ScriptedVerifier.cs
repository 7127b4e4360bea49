using System.Collections.Concurrent;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Verification;

/// <summary>A verifier that says what the test tells it to, when it tells it to.</summary>
internal sealed class ScriptedVerifier : IClaimVerifier
{
    private readonly ConcurrentQueue<(ClaimToVerify Claim, TaskCompletionSource<VerificationOutcome> Answer)> _asked = new();

    public int Asked { get; private set; }

    public int Stopped { get; private set; }

    public async Task<VerificationOutcome> VerifyAsync(ClaimToVerify claim, Action<string> progress, CancellationToken cancellationToken)
    {
        progress("check 1 of 1: README.md is there");
        var answer = new TaskCompletionSource<VerificationOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue((claim, answer));
        Asked++;
        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Stopped++;
            throw;
        }
    }

    /// <summary>Waits until a claim is checked, and answers.</summary>
    public async Task<ClaimToVerify> AnswerAsync(VerificationOutcome outcome)
    {
        var claim = await NextAsync();
        claim.Answer.SetResult(outcome);
        return claim.Claim;
    }

    /// <summary>Waits until a claim is checked, and lets it.</summary>
    public async Task<(ClaimToVerify Claim, TaskCompletionSource<VerificationOutcome> Answer)> NextAsync()
    {
        (ClaimToVerify, TaskCompletionSource<VerificationOutcome>) next = default;
        await Eventually.TrueAsync(() => _asked.TryDequeue(out next), "a claim is checked");
        return next;
    }
}
