using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Makes the checks of a claim. The engine decides when, and what follows; it never looks at the work itself. Thread-safe.</summary>
public interface IClaimVerifier
{
    /// <summary>Makes all checks, and keeps what it found before it returns. Making them again is harmless: after a crash that happens.</summary>
    /// <param name="claim">What is claimed.</param>
    /// <param name="progress">Told what is being checked, for people.</param>
    /// <param name="cancellationToken">Ends the checks and everything that they started; nothing is decided then.</param>
    Task<VerificationOutcome> VerifyAsync(ClaimToVerify claim, Action<string> progress, CancellationToken cancellationToken);
}

/// <summary>A claim that waits for its verdict.</summary>
/// <param name="TaskId">The attempt.</param>
/// <param name="Stage">The stage's definition, with its checks.</param>
/// <param name="Header">The workflow.</param>
/// <param name="Claim">What is claimed.</param>
public sealed record ClaimToVerify(TaskId TaskId, StageDefinition Stage, WorkflowHeader Header, StageClaim Claim);

/// <summary>What a verification came to. A closed union.</summary>
public abstract record VerificationOutcome
{
    private VerificationOutcome()
    {
    }

    /// <summary>Every check passed.</summary>
    /// <param name="Evidence">The hash of what was found.</param>
    public sealed record Holds(string? Evidence) : VerificationOutcome;

    /// <summary>A check did not pass.</summary>
    /// <param name="Error">Which, for the next attempt and for people.</param>
    /// <param name="Evidence">The hash of what was found.</param>
    public sealed record Refuted(StructuredError Error, string? Evidence) : VerificationOutcome;

    /// <summary>The checks could not be made, through no fault of the claim. Class infrastructure or throttled.</summary>
    /// <param name="Error">Why.</param>
    public sealed record Unable(StructuredError Error) : VerificationOutcome;
}

/// <summary>Stands in where nobody makes checks: claims wait, and say for what.</summary>
internal sealed class NoClaimVerifier : IClaimVerifier
{
    public Task<VerificationOutcome> VerifyAsync(ClaimToVerify claim, Action<string> progress, CancellationToken cancellationToken) =>
        Task.FromResult<VerificationOutcome>(new VerificationOutcome.Unable(new StructuredError
        {
            Code = "verifier_missing",
            Category = ErrorCategory.Configuration,
            Class = FailureClass.Infrastructure,
            Message = "This host makes no checks.",
            SuggestedAction = "Run the workflow on an orchestrator, or remove 'accept' from the stage.",
        }));
}
