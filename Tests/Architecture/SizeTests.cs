using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Stack.Tests.Architecture;

public sealed class SizeTests
{
    private const int MethodLimit = 70;
    private const int FileLimit = 600;

    [Fact]
    public void File_OfTheProduct_HasAtMost600Lines()
        => Finding.None(SourceTree.Current.ProductCode
            .Where(file => file.Lines.Length > FileLimit)
            .Select(file => new Finding(file.Path, file.Lines.Length, $"{file.Lines.Length} lines; split it by concept (Thing.Aspect.cs), {FileLimit} is the limit and 300 the aim")));

    [Fact]
    public void Method_OfTheProduct_HasAtMost70Lines()
        => Finding.None(
            from file in SourceTree.Current.ProductCode
            from body in file.Root.DescendantNodes().Where(IsBody)
            let start = Start(body)
            let lines = Line(file, body.Span.End) - Line(file, start) + 1
            where lines > MethodLimit
            select new Finding(file.Path, Line(file, start) + 1, $"'{Name(body)}' has {lines} lines; give its steps names of their own, {MethodLimit} is the limit and 40 the aim"));

    [Fact]
    public void Program_OfAService_IsATableOfContents()
        => Finding.None(
            from file in SourceTree.Current.ProductCode
            let statements = file.Root.ChildNodes().OfType<GlobalStatementSyntax>().ToList()
            where statements.Count > 0
            let lines = Line(file, statements[^1].Span.End) - Line(file, statements[0].SpanStart) + 1
            where lines > MethodLimit
            select new Finding(file.Path, Line(file, statements[0].SpanStart) + 1, $"{lines} lines of top-level statements; move wiring into Add<Thing> and Map<Thing> of its folder"));

    private static bool IsBody(SyntaxNode node) => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax;

    private static int Line(CodeFile file, int position) => file.Root.SyntaxTree.GetText().Lines.GetLinePosition(position).Line;

    // Attributes describe a method, they are not a part of what it does.
    private static int Start(SyntaxNode node)
        => node.ChildNodesAndTokens().First(child => !child.IsNode || child.AsNode() is not AttributeListSyntax).SpanStart;

    private static string Name(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text,
        _ => node.ToString().Split('\n')[0],
    };
}
