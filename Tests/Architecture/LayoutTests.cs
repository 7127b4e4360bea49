namespace Stack.Tests.Architecture;

public sealed class LayoutTests
{
    private static readonly string[] TopLevel = ["Agents", "AppHost", "Orchestrator", "ServiceDefaults", "Tests"];

    [Fact]
    public void TopLevel_Folders_AreExactlyTheFive()
        => Assert.Equal(TopLevel, SourceTree.Current.Folders.Where(folder => !folder.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Fact]
    public void Test_OfAFile_StandsAtTheMirroredPath()
    {
        var product = SourceTree.Current.Code.Where(file => !file.Path.StartsWith("Tests/", StringComparison.Ordinal))
            .Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        var byName = product.ToLookup(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal);

        Finding.None(
            from file in SourceTree.Current.Code
            where file.Path.StartsWith("Tests/", StringComparison.Ordinal) && file.Path.EndsWith("Tests.cs", StringComparison.Ordinal)
            let subject = byName[Path.GetFileNameWithoutExtension(file.Path)[..^"Tests".Length]].ToList()
            where subject.Count == 1 && !file.Path.StartsWith("Tests/Conformance/", StringComparison.Ordinal) && !file.Path.StartsWith("Tests/EndToEnd/", StringComparison.Ordinal)
            let expected = $"Tests/{subject[0][..^".cs".Length]}Tests.cs"
            where file.Path != expected
            select new Finding(file.Path, 1, $"tests {subject[0]}; move it to {expected}"));
    }
}
