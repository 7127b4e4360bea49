using Microsoft.CodeAnalysis.CSharp;
using Stack.Agents.Validation;

namespace Stack.Tests.Agents.Validation;

public sealed class DuplicationsTests
{
    [Fact]
    public void Find_SameMethodInTwoFiles_NamesBothPlaces()
    {
        var found = Find(Type("A", Body(20)), Type("B", Body(20)));

        Assert.True(found.Percent > 80, $"{found.Percent} %");
        Assert.Equal(["F1.cs:1 repeats F0.cs:1"], found.Places);
    }

    [Fact]
    public void Find_ShortRepetition_DoesNotCount() => Assert.Equal(0, Find(Type("A", Body(5)), Type("B", Body(5))).Percent);

    [Fact]
    public void Find_OtherNames_IsNoRepetition() => Assert.Equal(0, Find(Type("A", Body(20)), Type("B", Body(20).Replace("total", "sum", StringComparison.Ordinal))).Percent);

    [Fact]
    public void Find_TypesThatHoldTheSame_AreNoRepetition()
    {
        var properties = string.Join('\n', Enumerable.Range(0, 30).Select(i => $"public required string P{i} {{ get; init; }}"));

        Assert.Equal(0, Find(Type("A", properties), Type("B", properties)).Percent);
    }

    [Fact]
    public void Find_NothingToRead_IsZero() => Assert.Equal(0, Duplications.Find([]).Percent);

    private static string Body(int lines) => "int M(int total)\n{\n" + string.Join('\n', Enumerable.Range(0, lines).Select(i => $"total = total * {i} + {i + 1};")) + "\nreturn total;\n}";

    private static string Type(string name, string members) => $"class {name} {{\n{members}\n}}";

    private static Duplications Find(params string[] files) => Duplications.Find([.. files.Select((code, i) => new SourceFile($"F{i}.cs", CSharpSyntaxTree.ParseText(code)))]);
}
