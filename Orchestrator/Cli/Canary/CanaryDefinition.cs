namespace Stack.Cli;

/// <summary>The definition that canary workflows run: five stages, one after the other, each of which does as the workflow's input says.</summary>
internal static class CanaryDefinition
{
    public const string Name = "canary";

    /// <summary>Its stages, in order.</summary>
    public static readonly IReadOnlyList<string> Stages = ["first", "second", "third", "fourth", "fifth"];

    /// <summary>The definition as it is applied.</summary>
    public static DefinitionText Text { get; } = new(
        "canary",
        $"""
        name: {Name}
        description: Five stages in a row that do as the input says. Drills and soaks run it.
        stages:
        {string.Join('\n', Stages.Select((stage, index) => $"  - {{ name: {stage}, agent: {Contracts.CanaryFiles.AgentType}, workspace: false, timeout: 5m, needs: [{(index == 0 ? "" : Stages[index - 1])}] }}"))}

        """,
        IsJson: false);
}
