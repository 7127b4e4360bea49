using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Stack.Tests.Architecture;

public sealed partial class ForbiddenCodeTests
{
    [Fact]
    public void Code_OfTheProduct_IsFinished()
        => Finding.None(Nodes<IdentifierNameSyntax>()
            .Where(found => found.Node.Identifier.Text == nameof(NotImplementedException))
            .Select(found => found.File.At(found.Node, "NotImplementedException; write it, or leave the member out")));

    [Fact]
    public void Comment_Anywhere_PromisesNothing()
        => Finding.None(
            from file in SourceTree.Current.Code
            from comment in file.Root.DescendantTrivia(descendIntoTrivia: false).Where(IsComment)
            where Promise().IsMatch(comment.ToString())
            select new Finding(file.Path, comment.GetLocation().GetLineSpan().StartLinePosition.Line + 1, $"'{Promise().Match(comment.ToString()).Value}'; do it now, or file it where work is tracked"));

    [Fact]
    public void Catch_OfTheProduct_NamesWhatItCatches()
        => Finding.None(Nodes<CatchClauseSyntax>()
            .Where(found => found.Node.Declaration is null)
            .Select(found => found.File.At(found.Node, "bare catch; name the exceptions that are expected here")));

    [Fact]
    public void Catch_OfException_DoesSomething()
        => Finding.None(Nodes<CatchClauseSyntax>()
            .Where(found => TypeOf(found.Node) is "Exception" && found.Node.Filter is null && found.Node.Block.Statements.Count == 0)
            .Select(found => found.File.At(found.Node, "swallows every failure; catch what is expected, and log or turn the rest into a result")));

    [Fact]
    public void Catch_OfCancellation_SaysWhose()
        => Finding.None(Nodes<CatchClauseSyntax>()
            .Where(found => TypeOf(found.Node) is "OperationCanceledException" or "TaskCanceledException" && found.Node.Filter is null && found.Node.Block.Statements.Count == 0)
            .Select(found => found.File.At(found.Node, "swallows a cancellation; add when (token.IsCancellationRequested) of the token that may end it, or let it pass")));

    [Fact]
    public void Method_OfTheProduct_TakesItsTokenLast()
        => Finding.None(
            from found in Nodes<BaseMethodDeclarationSyntax>()
            let parameters = found.Node.ParameterList.Parameters
            from parameter in parameters.SkipLast(1)
            where parameter.Type?.ToString().Split('.')[^1] is "CancellationToken" && !parameters[^1].Modifiers.Any(SyntaxKind.ParamsKeyword)
            where !found.Node.Modifiers.Any(SyntaxKind.OverrideKeyword)
            select found.File.At(parameter, "the CancellationToken goes last"));

    [Fact]
    public void Method_OfTheProduct_IsNotAsyncVoid()
        => Finding.None(Nodes<MethodDeclarationSyntax>()
            .Where(found => found.Node.Modifiers.Any(SyntaxKind.AsyncKeyword) && found.Node.ReturnType.ToString() == "void")
            .Select(found => found.File.At(found.Node.Identifier, "async void loses its exceptions; return a Task")));

    [Fact]
    public void Rule_SwitchedOff_CarriesItsReason()
        => Finding.None(
            from file in SourceTree.Current.ProductCode
            from line in file.Lines.Index()
            where line.Item.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal)
            where !line.Item.Contains("//", StringComparison.Ordinal) && (line.Index == 0 || !file.Lines[line.Index - 1].TrimStart().StartsWith("//", StringComparison.Ordinal))
            select new Finding(file.Path, line.Index + 1, "say why the rule is off, in a comment on the line above"));

    [Fact]
    public void File_OfTheProduct_HasNoRegions()
        => Finding.None(
            from file in SourceTree.Current.ProductCode
            from line in file.Lines.Index()
            where line.Item.TrimStart().StartsWith("#region", StringComparison.Ordinal)
            select new Finding(file.Path, line.Index + 1, "a region hides a second concept; give it a file"));

    [Fact]
    public void Skip_OfATest_HasAReason()
        => Finding.None(
            from file in SourceTree.Current.Code
            from argument in file.Root.DescendantNodes().OfType<AttributeArgumentSyntax>()
            where argument.NameEquals?.Name.Identifier.Text == "Skip"
            where argument.Expression is LiteralExpressionSyntax literal && literal.Token.ValueText.Trim().Length < 10
            select file.At(argument, "a skipped test says why, and what would run it"));

    [Fact]
    public void Test_Anywhere_WaitsOnAConditionAndNotOnTheClock()
        => Finding.None(
            from file in SourceTree.Current.Code
            from access in file.Root.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
            where access.ToString() is "Thread.Sleep"
            select file.At(access, "Thread.Sleep; wait on a condition with a deadline"));

    private static IEnumerable<(CodeFile File, T Node)> Nodes<T>()
        where T : SyntaxNode
        => SourceTree.Current.ProductCode.SelectMany(file => file.Root.DescendantNodes().OfType<T>().Select(node => (file, node)));

    private static string? TypeOf(CatchClauseSyntax clause) => clause.Declaration?.Type.ToString().Split('.')[^1];

    private static bool IsComment(SyntaxTrivia trivia) => trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
        or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Promise();
}
