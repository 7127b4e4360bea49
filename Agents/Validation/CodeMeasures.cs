using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Stack.Agents.Validation;

/// <summary>The C# sources of a workspace, parsed.</summary>
/// <param name="Files">The files.</param>
internal sealed record CodeMeasures(IReadOnlyList<SourceFile> Files)
{
    /// <summary>Parses the C# files among those that git tracks, without tests and generated code.</summary>
    /// <param name="root">The workspace.</param>
    /// <param name="tracked">Paths relative to it.</param>
    /// <param name="isTest">Whether a path belongs to a test project.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<CodeMeasures> ReadAsync(string root, IEnumerable<string> tracked, Func<string, bool> isTest, CancellationToken cancellationToken)
    {
        var files = new List<SourceFile>();
        foreach (var path in tracked.Where(path => path.EndsWith(".cs", StringComparison.Ordinal) && !IsGenerated(path) && !isTest(path)))
        {
            var text = await File.ReadAllTextAsync(Path.Combine(root, path), cancellationToken);
            files.Add(new SourceFile(path, CSharpSyntaxTree.ParseText(text, cancellationToken: cancellationToken)));
        }

        return new CodeMeasures(files);
    }

    /// <summary>The cyclomatic complexity of every method, accessor, constructor, operator and local function, highest first.</summary>
    public IReadOnlyList<MethodComplexity> Complexities() =>
    [
        .. Files.SelectMany(file => file.Root.DescendantNodes().Where(IsBody).Select(body => new MethodComplexity(file.Path, LineOf(body), NameOf(body), ComplexityOf(body))))
            .OrderByDescending(method => method.Complexity)
            .ThenBy(method => method.Path, StringComparer.Ordinal)
            .ThenBy(method => method.Line),
    ];

    // One way through, and one more for each decision. A local function counts for itself; a lambda counts for the method around it.
    private static int ComplexityOf(SyntaxNode body) =>
        1 + body.DescendantNodes(node => node == body || node is not LocalFunctionStatementSyntax).Count(IsDecision);

    private static bool IsDecision(SyntaxNode node) => node.Kind() switch
    {
        SyntaxKind.IfStatement or SyntaxKind.WhileStatement or SyntaxKind.DoStatement or SyntaxKind.ForStatement or SyntaxKind.ForEachStatement or SyntaxKind.ForEachVariableStatement => true,
        SyntaxKind.CaseSwitchLabel or SyntaxKind.CasePatternSwitchLabel or SyntaxKind.CatchClause or SyntaxKind.ConditionalExpression => true,
        SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression => true,
        SyntaxKind.SwitchExpressionArm => node is not SwitchExpressionArmSyntax { Pattern: DiscardPatternSyntax },
        _ => false,
    };

    private static bool IsBody(SyntaxNode node) => node switch
    {
        BaseMethodDeclarationSyntax method => method.Body is not null || method.ExpressionBody is not null,
        AccessorDeclarationSyntax accessor => accessor.Body is not null || accessor.ExpressionBody is not null,
        PropertyDeclarationSyntax property => property.ExpressionBody is not null,
        LocalFunctionStatementSyntax => true,
        _ => false,
    };

    private static string NameOf(SyntaxNode node)
    {
        var type = node.Ancestors().OfType<TypeDeclarationSyntax>().FirstOrDefault()?.Identifier.Text;
        var member = node switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax property } => property.Identifier.Text,
            LocalFunctionStatementSyntax function => function.Identifier.Text,
            ConstructorDeclarationSyntax => "constructor",
            _ => node.Kind().ToString(),
        };
        return type is null ? member : $"{type}.{member}";
    }

    private static int LineOf(SyntaxNode node) => node.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;

    private static bool IsGenerated(string path) =>
        path.EndsWith(".g.cs", StringComparison.Ordinal) || path.EndsWith(".Designer.cs", StringComparison.Ordinal) || path.Split('/').Any(part => part is "obj" or "bin" or "node_modules" or "Migrations");
}

/// <summary>A parsed file.</summary>
/// <param name="Path">Its path relative to the workspace.</param>
/// <param name="Tree">Its syntax.</param>
internal sealed record SourceFile(string Path, SyntaxTree Tree)
{
    /// <summary>The root of its syntax.</summary>
    public SyntaxNode Root => Tree.GetRoot();
}

/// <summary>How many ways lead through a method.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Name">Its name with that of its type.</param>
/// <param name="Complexity">The cyclomatic complexity, from 1.</param>
internal sealed record MethodComplexity(string Path, int Line, string Name, int Complexity);
