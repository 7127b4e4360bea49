namespace Stack.Tests.Architecture;

/// <summary>A place that breaks a rule of the house, and the remedy.</summary>
internal sealed record Finding(string Path, int Line, string Message)
{
    internal static void None(IEnumerable<Finding> findings)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all.Select(finding => $"{finding.Path}:{finding.Line}: {finding.Message}").Prepend($"{all.Count} found:")));
    }
}
