using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Something that someone wants of a workflow, or tells it. A closed union.</summary>
public abstract record WorkflowInput
{
    private WorkflowInput()
    {
    }

    /// <summary>When, by the orchestrator's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Begin.</summary>
    public sealed record Submit : WorkflowInput
    {
        /// <summary>The workflow that it comes from. Null: none.</summary>
        public WorkflowOrigin? Origin { get; init; }

        /// <summary>What is taken over from it, in this order.</summary>
        public IReadOnlyList<StageTakeover> Takeovers { get; init; } = [];
    }

    /// <summary>An attempt ended.</summary>
    public sealed record Report : WorkflowInput
    {
        /// <summary>The result.</summary>
        public required ResultEnvelope Result { get; init; }

        /// <summary>The commit that counts when the result does: the pushed one, or its merge with the head. Null: none was pushed.</summary>
        public string? Commit { get; init; }
    }

    /// <summary>A claim was checked, or could not be.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Attempt">The attempt that claims to be done.</param>
    public sealed record Judge(string Stage, int Attempt) : WorkflowInput
    {
        /// <summary>Why the claim does not hold; an error of class infrastructure: why it could not be checked. Null: it holds.</summary>
        public StructuredError? Error { get; init; }

        /// <summary>The hash of the evidence. Null: there is none.</summary>
        public string? Evidence { get; init; }

        /// <summary>The commit that counts when the claim holds: the one that was checked, or its merge with a head that moved meanwhile. Null: none was pushed.</summary>
        public string? Commit { get; init; }
    }

    /// <summary>An agent fell silent.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record LoseLease(string Stage, int Attempt) : WorkflowInput;

    /// <summary>An agent said goodbye and gives an attempt back.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record HandBack(string Stage, int Attempt) : WorkflowInput;

    /// <summary>An attempt's deadline passed.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record TimeOut(string Stage, int Attempt) : WorkflowInput;

    /// <summary>Time went by.</summary>
    public sealed record Tick : WorkflowInput;

    /// <summary>Stop for good.</summary>
    /// <param name="By">Who.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Cancel(string? By, string? Reason) : WorkflowInput;

    /// <summary>Start no more attempts.</summary>
    /// <param name="By">Who.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Pause(string? By, string? Reason) : WorkflowInput;

    /// <summary>Go on.</summary>
    /// <param name="By">Who.</param>
    public sealed record Resume(string? By) : WorkflowInput;

    /// <summary>Try again.</summary>
    /// <param name="FromStage">The stage to begin with. Null: those that did not complete.</param>
    /// <param name="By">Who.</param>
    /// <param name="Iterations">How many iterations the loops among these stages may use beyond what they had.</param>
    public sealed record Retry(string? FromStage, string? By, int Iterations = 0) : WorkflowInput;

    /// <summary>Decide a question.</summary>
    /// <param name="Stage">The stage that asks.</param>
    /// <param name="Decision">The decision; with the effect when the person changed it.</param>
    /// <param name="SeenVersion">The version that the person saw. Null: not checked.</param>
    public sealed record Decide(string Stage, ApprovalDecision Decision, long? SeenVersion) : WorkflowInput
    {
        /// <summary>The question that the person saw. Null: whichever stands.</summary>
        public ApprovalId? Approval { get; init; }

        /// <summary>The hash of the effect that the person saw. Null: not checked.</summary>
        public string? SeenHash { get; init; }

        /// <summary>What the person goes by: the name of their key and their scopes. Null: there are no keys; whoever is at the machine may decide.</summary>
        public IReadOnlyCollection<string>? Roles { get; init; }
    }

    /// <summary>The orchestrator executed what was approved, or could not.</summary>
    /// <param name="Stage">The stage that asked.</param>
    /// <param name="Approval">The question.</param>
    /// <param name="Execution">How it went.</param>
    public sealed record RecordExecution(string Stage, ApprovalId Approval, EffectExecution Execution) : WorkflowInput;
}
