namespace Stack.Orchestrator.Gateway.Ledger;

/// <summary>The names of budgets.</summary>
internal static class BudgetKeys
{
    /// <summary>The rule, for error messages.</summary>
    public const string Rule = "Write day/DATE, workflow/ID, workflow/ID/stage/STAGE, agent/NAME/DATE, key/NAME/DATE or model/NAME/DATE.";

    /// <summary>Whether a text names a budget.</summary>
    /// <param name="key">The text.</param>
    public static bool IsOne(string key) =>
        key.Length <= 300 && key.Split('/') is (["day", _] or ["workflow", _] or ["workflow", _, "stage", _] or ["agent" or "key", _, _] or ["model", _, _, ..]);
}
