using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Stack.Tests.Architecture;

public sealed partial class NamingTests
{
    private static readonly HashSet<string> BannedFolders =
        new(["Services", "Managers", "Helpers", "Utils", "Utilities", "Common", "Models", "Dtos", "Interfaces", "Shared", "Misc"], StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string> BannedWords =
        new(["Manager", "Managers", "Helper", "Helpers", "Util", "Utils", "Utility", "Impl", "Base", "Data", "Info", "V2", "V3", "New", "Legacy", "Dto"], StringComparer.Ordinal);

    /// <summary>Files that spell it with two l because somebody else's wire does. A file that no longer needs it must leave the list.</summary>
    private static readonly Dictionary<string, string> ForeignSpelling = new(StringComparer.Ordinal)
    {
        ["Orchestrator/Gateway/OpenAi/ResponseRun.cs"] = "the state of a response in OpenAI's protocol",
    };

    [Fact]
    public void Folder_Anywhere_IsNamedForAThingOrATechnology()
        => Finding.None(SourceTree.Current.Folders
            .Where(folder => BannedFolders.Contains(Path.GetFileName(folder)))
            .Select(folder => new Finding(folder, 1, "says nothing about what is in it; name it for a thing of the domain or a technology")));

    [Fact]
    public void Type_OfTheProduct_HasNoEmptyWordInItsName()
        => Finding.None(
            from file in SourceTree.Current.ProductCode
            from type in file.Root.DescendantNodes().Where(node => node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            where !IsAspiresName(file, type)
            let name = type is BaseTypeDeclarationSyntax declared ? declared.Identifier : ((DelegateDeclarationSyntax)type).Identifier
            let banned = Words().Matches(name.Text).Select(word => word.Value).FirstOrDefault(BannedWords.Contains)
            where banned is not null
            select file.At(name, $"type '{name.Text}' has the word '{banned}'; say what it does or is"));

    [Fact]
    public void Text_Anywhere_SpellsCanceledWithOneL()
        => Finding.None(
            from file in SourceTree.Current.Text
            where !ForeignSpelling.ContainsKey(file.Path)
            from line in file.Lines.Index()
            where TwoLs().IsMatch(line.Item)
            select new Finding(file.Path, line.Index + 1, "write it with one l (canceled, canceling); a foreign wire's word goes into the list in NamingTests, with its reason"));

    [Fact]
    public void ForeignSpelling_Listed_IsStillNeeded()
        => Finding.None(ForeignSpelling.Keys
            .Where(path => !SourceTree.Current.Text.Any(file => file.Path == path && file.Lines.Any(TwoLs().IsMatch)))
            .Select(path => new Finding(path, 1, "has no foreign spelling any more; take it off the list in NamingTests")));

    // The offline host repeats the public names of Aspire so that one AppHost.cs compiles against both.
    private static bool IsAspiresName(CodeFile file, SyntaxNode type)
        => file.Path.StartsWith("AppHost/Offline/", StringComparison.Ordinal)
            && type.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().Where(member => member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
                .All(member => member.Modifiers.Any(SyntaxKind.PublicKeyword));

    [GeneratedRegex("[A-Z][a-z]*[0-9]*|[A-Z]+(?![a-z])")]
    private static partial Regex Words();

    [GeneratedRegex("cancell(ed|ing)", RegexOptions.IgnoreCase)]
    private static partial Regex TwoLs();
}
