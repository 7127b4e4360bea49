using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Stack.Agents.Validation;

/// <summary>
/// Finds code that repeats other code: runs of at least <see cref="MinTokens"/> equal tokens, as the tools for this count them. Using directives and declarations without code
/// (properties, fields, enum members) are left out: types that hold the same things look alike without repeating any logic.
/// </summary>
/// <param name="Lines">How many lines have code.</param>
/// <param name="DuplicatedLines">How many of them repeat others.</param>
/// <param name="Places">The repeated runs.</param>
internal sealed record Duplications(int Lines, int DuplicatedLines, IReadOnlyList<string> Places)
{
    /// <summary>The length from which a run counts.</summary>
    public const int MinTokens = 100;

    /// <summary>The share of lines that repeat others, 0 to 100.</summary>
    public double Percent => Lines == 0 ? 0 : Math.Round(100.0 * DuplicatedLines / Lines, 1);

    /// <summary>Finds the duplications of a set of files.</summary>
    /// <param name="files">The files.</param>
    public static Duplications Find(IReadOnlyList<SourceFile> files)
    {
        var tokens = new List<Token>();
        for (var file = 0; file < files.Count; file++)
        {
            tokens.AddRange(TokensOf(files[file], file));
        }

        var seen = new Dictionary<long, int>();
        var duplicated = new HashSet<(int, int)>();
        var places = new List<string>();
        var hash = 0L;
        var reported = -1;
        for (var end = 0; end < tokens.Count; end++)
        {
            hash = unchecked((hash * Factor) + tokens[end].Hash - (end >= MinTokens ? tokens[end - MinTokens].Hash * s_highest : 0));
            var start = end - MinTokens + 1;
            if (start < 0 || tokens[start].File != tokens[end].File || (seen.TryGetValue(hash, out var first) && first + MinTokens > start))
            {
                continue;
            }

            if (!seen.TryAdd(hash, start))
            {
                Mark(tokens, duplicated, first);
                Mark(tokens, duplicated, start);
                if (start > reported)
                {
                    places.Add($"{files[tokens[start].File].Path}:{tokens[start].Line} repeats {files[tokens[first].File].Path}:{tokens[first].Line}");
                }

                reported = end;
            }
        }

        return new Duplications(tokens.Select(token => (token.File, token.Line)).Distinct().Count(), duplicated.Count, places);
    }

    private const long Factor = 1_000_003;

    private static readonly long s_highest = Power();

    private static long Power()
    {
        var power = 1L;
        for (var i = 0; i < MinTokens; i++)
        {
            power = unchecked(power * Factor);
        }

        return power;
    }

    private static void Mark(List<Token> tokens, HashSet<(int, int)> duplicated, int start)
    {
        for (var i = start; i < start + MinTokens; i++)
        {
            duplicated.Add((tokens[i].File, tokens[i].Line));
        }
    }

    private static IEnumerable<Token> TokensOf(SourceFile file, int index)
    {
        foreach (var token in file.Root.DescendantTokens(node => !IsLeftOut(node)))
        {
            if (!token.IsKind(SyntaxKind.EndOfFileToken))
            {
                yield return new Token(index, file.Tree.GetLineSpan(token.Span).StartLinePosition.Line + 1, HashOf(token.Text));
            }
        }
    }

    private static bool IsLeftOut(SyntaxNode node) => node switch
    {
        UsingDirectiveSyntax or EnumMemberDeclarationSyntax => true,
        FieldDeclarationSyntax field => !field.DescendantNodes().Any(child => child is AnonymousFunctionExpressionSyntax),
        PropertyDeclarationSyntax property => property.ExpressionBody is null && property.AccessorList?.Accessors.All(accessor => accessor.Body is null && accessor.ExpressionBody is null) is not false,
        _ => false,
    };

    private static long HashOf(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in text)
        {
            hash = unchecked((hash ^ character) * 1099511628211UL);
        }

        return unchecked((long)hash);
    }

    private readonly record struct Token(int File, int Line, long Hash);
}
