namespace Stack.Orchestrator.Gateway.Conversations;

/// <summary>Why a model did not answer.</summary>
internal enum FailureKind
{
    /// <summary>The provider does not accept our key.</summary>
    Unauthorized,

    /// <summary>The provider wants fewer requests.</summary>
    Throttled,

    /// <summary>The provider cannot be reached, or failed.</summary>
    Unavailable,

    /// <summary>The provider did not answer in time.</summary>
    TimedOut,

    /// <summary>The answer ended in the middle.</summary>
    Cut,

    /// <summary>The provider answered with something that is no answer.</summary>
    Unreadable,

    /// <summary>There is no such model.</summary>
    ModelMissing,

    /// <summary>The request is at fault; trying again cannot help.</summary>
    Refused,

    /// <summary>The conversation does not fit the model's context.</summary>
    ContextTooLong,

    /// <summary>The server read only a part of the conversation.</summary>
    ContextTruncated,

    /// <summary>The provider failed too often and is left alone for a while.</summary>
    Resting,

    /// <summary>What the call costs is not known.</summary>
    PriceUnknown,

    /// <summary>A budget does not cover the call.</summary>
    BudgetExhausted,

    /// <summary>The workflow is a replay, and what it replays made no such call.</summary>
    JournalMiss,
}

/// <summary>A model did not answer, or stopped answering.</summary>
/// <param name="kind">Why.</param>
/// <param name="message">What happened and what to do, as sentences.</param>
/// <param name="inner">The cause. Null: none.</param>
internal sealed class ModelFailure(FailureKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public FailureKind Kind { get; } = kind;

    /// <summary>When to try again. Null: not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The field of the request that is at fault. Null: none.</summary>
    public string? Parameter { get; init; }

    /// <summary>Whether the model cannot take tools in the form that was used; another form may do.</summary>
    public bool IsAboutTools { get; init; }

    /// <summary>Whether the provider had begun to answer: it is paid for then, and not asked again.</summary>
    public bool HadBegun { get; set; }

    /// <summary>A stable code.</summary>
    public string Code => Kind switch
    {
        FailureKind.Unauthorized => "provider_unauthorized",
        FailureKind.Throttled => "provider_throttled",
        FailureKind.Unavailable => "provider_unavailable",
        FailureKind.TimedOut => "provider_timed_out",
        FailureKind.Cut => "provider_cut",
        FailureKind.Unreadable => "provider_unreadable",
        FailureKind.ModelMissing => "model_not_found",
        FailureKind.ContextTooLong => "context_length_exceeded",
        FailureKind.ContextTruncated => "context_truncated",
        FailureKind.Resting => "provider_resting",
        FailureKind.PriceUnknown => "price_unknown",
        FailureKind.BudgetExhausted => "budget_exhausted",
        FailureKind.JournalMiss => "journal_miss",
        _ => "request_refused",
    };

    /// <summary>The status of an HTTP answer.</summary>
    public int Status => Kind switch
    {
        FailureKind.Unauthorized or FailureKind.Cut or FailureKind.Unreadable => StatusCodes.Status502BadGateway,
        FailureKind.Unavailable or FailureKind.Resting => StatusCodes.Status503ServiceUnavailable,
        FailureKind.TimedOut => StatusCodes.Status504GatewayTimeout,
        FailureKind.Throttled or FailureKind.BudgetExhausted => StatusCodes.Status429TooManyRequests,
        FailureKind.ModelMissing => StatusCodes.Status404NotFound,
        FailureKind.JournalMiss => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>Whether another model may answer instead.</summary>
    public bool AllowsOther => Kind is not (FailureKind.Refused or FailureKind.JournalMiss);

    /// <summary>Whether it speaks against the provider's health.</summary>
    public bool IsFault => Kind is FailureKind.Unavailable or FailureKind.TimedOut or FailureKind.Cut or FailureKind.Unreadable;

    /// <summary>The request itself is at fault.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="parameter">The field. Null: none.</param>
    public static ModelFailure Request(string message, string? parameter) => new(FailureKind.Refused, message) { Parameter = parameter };
}
