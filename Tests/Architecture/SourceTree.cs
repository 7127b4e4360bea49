using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Stack.Tests.Architecture;

/// <summary>The repository's own text, read once for all architecture tests.</summary>
internal sealed class SourceTree
{
    internal static readonly string[] ProductFolders = ["AppHost", "ServiceDefaults", "Orchestrator", "Agents"];

    // What a build or a run leaves behind is not ours to judge.
    private static readonly string[] Leftovers = ["bin", "obj", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    private static readonly string[] TextExtensions = [".cs", ".md", ".yaml", ".yml", ".sql", ".js", ".mjs", ".css", ".html", ".razor", ".sh", ".props", ".targets", ".csproj"];

    private static readonly Lazy<SourceTree> Shared = new(() => new SourceTree());

    private SourceTree()
    {
        Root = FindRoot();
        var files = Walk(new DirectoryInfo(Root)).ToList();
        Folders = files.SelectMany(file => Ancestors(Relative(file.DirectoryName!))).Distinct(StringComparer.Ordinal).ToList();
        Text = files.Where(file => TextExtensions.Contains(file.Extension, StringComparer.Ordinal))
            .Select(file => new TextFile(Relative(file.FullName), File.ReadAllLines(file.FullName)))
            .OrderBy(file => file.Path, StringComparer.Ordinal)
            .ToList();
        Code = Text.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))
            .AsParallel().AsOrdered()
            .Select(file => new CodeFile(file.Path, file.Lines, CSharpSyntaxTree.ParseText(string.Join('\n', file.Lines)).GetRoot()))
            .ToList();
    }

    internal static SourceTree Current => Shared.Value;

    internal string Root { get; }

    /// <summary>Every folder, relative, with forward slashes.</summary>
    internal IReadOnlyList<string> Folders { get; }

    internal IReadOnlyList<TextFile> Text { get; }

    internal IReadOnlyList<CodeFile> Code { get; }

    /// <summary>The C# that is compiled into the product. Templates are text that the scaffold agent writes into other people's projects.</summary>
    internal IEnumerable<CodeFile> ProductCode
        => Code.Where(file => ProductFolders.Contains(file.Path.Split('/')[0], StringComparer.Ordinal) && !file.Path.Contains("/Templates/", StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Stack.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No Stack.sln above {AppContext.BaseDirectory}; run the tests from their build output.");
        }

        return folder.FullName;
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder)
        => folder.EnumerateFiles().Concat(folder.EnumerateDirectories()
            .Where(child => child.Name[0] != '.' && child.LinkTarget is null && !Leftovers.Contains(child.Name, StringComparer.Ordinal))
            .SelectMany(Walk));

    private static IEnumerable<string> Ancestors(string folder)
    {
        for (var path = folder; path.Length > 0 && path != "."; path = Path.GetDirectoryName(path) ?? "")
        {
            yield return path;
        }
    }

    private string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');
}

internal record TextFile(string Path, string[] Lines);

internal sealed record CodeFile(string Path, string[] Lines, SyntaxNode Root) : TextFile(Path, Lines)
{
    internal Finding At(SyntaxNodeOrToken place, string message)
        => new(Path, place.GetLocation()!.GetLineSpan().StartLinePosition.Line + 1, message);
}
