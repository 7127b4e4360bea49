namespace Stack.Agents.Scaffold;

/// <summary>What a definition passes to the scaffold agent.</summary>
internal sealed record ScaffoldWith
{
    /// <summary>What to do: <c>create</c> a program, add a <c>feature</c>, <c>debug</c>, or <c>fix</c>.</summary>
    /// <value>The default is <c>create</c>.</value>
    public string Mode { get; init; } = ScaffoldModes.Create;

    /// <summary>The model that writes, or an alias of the gateway; where no language model of it answers, the generator of templates writes.</summary>
    /// <value>The default is <c>builtin</c>, which is none: the generator of templates.</value>
    public string Model { get; init; } = ScaffoldModes.Builtin;

    /// <summary>The template, whatever the requirements say. Null: the requirements decide.</summary>
    public string? Template { get; init; }

    /// <summary>The name of the project. Null: it follows from the requirements.</summary>
    public string? ProjectName { get; init; }
}

/// <summary>The words of <see cref="ScaffoldWith"/>.</summary>
internal static class ScaffoldModes
{
    public const string Create = "create";
    public const string Feature = "feature";
    public const string Debug = "debug";
    public const string Fix = "fix";
    public const string Builtin = "builtin";

    /// <summary>All modes.</summary>
    public static IReadOnlyList<string> All { get; } = [Create, Feature, Debug, Fix];
}
