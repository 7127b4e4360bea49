namespace Stack.Contracts;

/// <summary>Budgets and what is booked on them.</summary>
/// <param name="Budgets">The budgets, by key.</param>
public sealed record UsageList(IReadOnlyList<UsageResource> Budgets);

/// <summary>A budget, or a meter without limits.</summary>
public sealed record UsageResource
{
    /// <summary>Which: <c>day/DATE</c>, <c>model/NAME/DATE</c>, <c>workflow/ID</c>, <c>workflow/ID/stage/STAGE</c>, <c>agent/NAME/DATE</c> or <c>key/NAME/DATE</c>. Dates are UTC.</summary>
    public required string Key { get; init; }

    /// <summary>What calls used.</summary>
    public required UsageAmount Spent { get; init; }

    /// <summary>What calls hold that are on their way, at their worst case.</summary>
    public required UsageAmount Reserved { get; init; }

    /// <summary>Calls that the journal answered, at no cost; they are not among those spent. Counted for one workflow and its stages, when only these are asked for.</summary>
    public long? Replayed { get; init; }

    /// <summary>What it may be. Null: there is no limit.</summary>
    public LimitRequest? Limits { get; init; }

    /// <summary>Whether the limits were set on this budget; otherwise they come from the gateway's file.</summary>
    public bool IsSet { get; init; }

    /// <summary>When its first call was made, or its limits were set.</summary>
    public required DateTimeOffset OpenedAt { get; init; }
}

/// <summary>An amount of what budgets count.</summary>
public sealed record UsageAmount
{
    /// <summary>Dollars.</summary>
    public required decimal Money { get; init; }

    /// <summary>Tokens, read and written.</summary>
    public required long Tokens { get; init; }

    /// <summary>Calls of models.</summary>
    public required long Calls { get; init; }
}

/// <summary>The limits of a budget. Null: none of this kind.</summary>
public sealed record LimitRequest
{
    /// <summary>Dollars.</summary>
    public decimal? Money { get; init; }

    /// <summary>Tokens, read and written.</summary>
    public long? Tokens { get; init; }

    /// <summary>Calls of models.</summary>
    public long? Calls { get; init; }

    /// <summary>Time since the budget was opened, for example <c>2h</c>.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? WallClock { get; init; }
}
