using Microsoft.CodeAnalysis.CSharp;
using Stack.Agents.Validation;

namespace Stack.Tests.Agents.Validation;

public sealed class CodeMeasuresTests
{
    [Theory]
    [InlineData("void M() { }", 1)]
    [InlineData("int M(int a) => a > 0 ? 1 : 2;", 2)]
    [InlineData("void M(bool a, bool b) { if (a && b || !a) { } }", 4)]
    [InlineData("void M() { while (true) { try { } catch (System.Exception) { } } }", 3)]
    [InlineData("int M(int a) { switch (a) { case 1: return 1; case 2: return 2; default: return 3; } }", 3)]
    [InlineData("int M(int a) => a switch { 1 => 1, 2 => 2, _ => 3 };", 3)]
    [InlineData("int P { get { foreach (var x in new int[0]) { } return 1; } }", 2)]
    [InlineData("int M(object a) => a is 1 or 2 or 3 ? 1 : 2;", 2)]
    public void Complexities_Member_CountsItsDecisions(string member, int expected) =>
        Assert.Equal(expected, Assert.Single(Measure($"class C {{ {member} }}").Complexities()).Complexity);

    [Fact]
    public void Complexities_LocalFunction_CountsForItself()
    {
        var methods = Measure("class C { void M(bool a) { if (a) { } void L(bool b) { if (b) { } if (b) { } } } }").Complexities();

        Assert.Equal([("C.L", 3), ("C.M", 2)], methods.Select(method => (method.Name, method.Complexity)));
    }

    [Fact]
    public async Task Read_GeneratedAndTestFiles_AreLeftOut()
    {
        using var folder = new TemporaryFolder();
        string[] paths = ["src/A.cs", "src/A.g.cs", "src/obj/B.cs", "tests/ATests.cs", "README.md"];
        foreach (var path in paths)
        {
            folder.Write(path, "class A { void M() { } }");
        }

        var measures = await CodeMeasures.ReadAsync(folder.Path, paths, path => path.StartsWith("tests/", StringComparison.Ordinal), CancellationToken.None);

        Assert.Equal(["src/A.cs"], measures.Files.Select(file => file.Path));
    }

    private static CodeMeasures Measure(string code) => new([new SourceFile("A.cs", CSharpSyntaxTree.ParseText(code))]);
}
