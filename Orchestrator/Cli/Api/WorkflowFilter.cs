namespace Stack.Cli;

/// <summary>Which workflows to list. Null: any.</summary>
internal sealed record WorkflowFilter(string? Status = null, string? Type = null, string? Priority = null, string? Definition = null);
