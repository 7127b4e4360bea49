namespace Stack.Cli;

/// <summary>Something that must hold, and whether it does.</summary>
/// <param name="Name">What must hold, in a few words.</param>
/// <param name="Holds">Whether it does.</param>
/// <param name="Detail">What was counted; where it does not hold, the first cases.</param>
internal sealed record Check(string Name, bool Holds, string Detail)
{
    private const int MostCases = 3;

    /// <summary>A check that holds when there is no case against it.</summary>
    /// <param name="name">What must hold.</param>
    /// <param name="counted">What was looked at, for a person.</param>
    /// <param name="against">The cases against it.</param>
    public static Check None(string name, string counted, IEnumerable<string> against)
    {
        var cases = against.ToList();
        return cases.Count == 0
            ? new Check(name, Holds: true, counted)
            : new Check(name, Holds: false, $"{string.Join("; ", cases.Take(MostCases))}{(cases.Count > MostCases ? $"; and {cases.Count - MostCases} more" : "")}");
    }
}
