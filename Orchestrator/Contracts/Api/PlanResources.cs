namespace Stack.Contracts;

/// <summary>Asks for a plan.</summary>
public sealed record PlanRequest
{
    /// <summary>What is wanted, in the words of the person; 1 to 100,000 characters.</summary>
    public string? Request { get; init; }

    /// <summary>A name for people. Null: made from the request.</summary>
    public string? Name { get; init; }

    /// <summary>The model, or an alias, that plans; <c>builtin</c> for rules without a model. Null: the alias <c>smart</c>, and the rules when no model answers.</summary>
    public string? Model { get; init; }
}

/// <summary>A plan and the question about it.</summary>
public sealed record PlanResource
{
    /// <summary>The workflow that asks; the id of the request.</summary>
    public required WorkflowId RequestId { get; init; }

    /// <summary>Where it stands: <c>requires_clarification</c> (it can be approved all the same), <c>pending_approval</c>, <c>approved</c>, <c>rejected</c>, <c>submitted</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The plan: as it was approved, when it was.</summary>
    public required PlanDocument Plan { get; init; }

    /// <summary>The question.</summary>
    public required ApprovalResource Approval { get; init; }

    /// <summary>The workflow that carries the plan out. Null: not yet.</summary>
    public WorkflowId? WorkflowId { get; init; }
}

/// <summary>What is to be done about a request: the effect of an approval of the kind <c>plan</c>.</summary>
public sealed record PlanDocument
{
    /// <summary>The kind of effect; always <c>plan</c>.</summary>
    public string Kind { get; init; } = EffectKinds.Plan;

    /// <summary>What was asked for.</summary>
    public required string Request { get; init; }

    /// <summary>The name of the workflow.</summary>
    public required string Name { get; init; }

    /// <summary>Who planned: the name of a model, or <c>builtin</c>: rules, no model.</summary>
    public required string Planner { get; init; }

    /// <summary>Why this planner, for a person.</summary>
    public string? Note { get; init; }

    /// <summary>The definition, as its file would say it.</summary>
    public required JsonPayload Definition { get; init; }

    /// <summary>What the stages do.</summary>
    public IReadOnlyList<PlanSubtask> Subtasks { get; init; } = [];

    /// <summary>How sure the planner is that this is what was meant and that it will succeed, 0 to 1.</summary>
    public required double Confidence { get; init; }

    /// <summary>What can be meant in several ways.</summary>
    public IReadOnlyList<string> Ambiguities { get; init; } = [];

    /// <summary>What is not done.</summary>
    public IReadOnlyList<string> OutOfScope { get; init; } = [];

    /// <summary>What it may take, by what was done before.</summary>
    public required PlanEstimate Estimate { get; init; }
}

/// <summary>A part of a plan.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Agent">The agent type that makes it.</param>
/// <param name="Description">What it does.</param>
/// <param name="Needs">The stages that come first.</param>
public sealed record PlanSubtask(string Name, string Agent, string Description, IReadOnlyList<string> Needs);

/// <summary>What a plan may take: percentiles of finished attempts of its agent types, along the longest way through its stages. Null: there is no history.</summary>
public sealed record PlanEstimate
{
    /// <summary>Seconds, in half of the cases no more.</summary>
    public double? SecondsP50 { get; init; }

    /// <summary>Seconds, in nine of ten cases no more.</summary>
    public double? SecondsP90 { get; init; }

    /// <summary>Dollars for models, in half of the cases no more.</summary>
    public decimal? Money { get; init; }

    /// <summary>Dollars for models, in nine of ten cases no more.</summary>
    public decimal? MoneyP90 { get; init; }

    /// <summary>How many finished attempts it rests on.</summary>
    public int Attempts { get; init; }

    /// <summary>Agent types without history: what they take is in no figure.</summary>
    public IReadOnlyList<string> NoHistory { get; init; } = [];

    /// <summary>The same in a sentence.</summary>
    public required string Summary { get; init; }
}
