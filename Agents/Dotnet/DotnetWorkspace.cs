using System.Xml.Linq;

namespace Stack.Agents.Dotnet;

/// <summary>The .NET projects of a workspace.</summary>
/// <param name="Root">The folder where commands run, absolute.</param>
/// <param name="Target">The solution or project that stands for all of them, relative to the root.</param>
/// <param name="Projects">The projects in the order of their paths.</param>
internal sealed record DotnetWorkspace(string Root, string Target, IReadOnlyList<DotnetProject> Projects)
{
    private static readonly EnumerationOptions s_everywhere = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 12 };

    /// <summary>Whether any project has tests.</summary>
    public bool HasTests => Projects.Any(project => project.IsTest);

    /// <summary>Finds the projects below a folder. Null: there are none.</summary>
    /// <param name="root">The folder, absolute.</param>
    public static DotnetWorkspace? Find(string root)
    {
        var projects = Directory.EnumerateFiles(root, "*.csproj", s_everywhere)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules" or ".git"))
            .Order(StringComparer.Ordinal)
            .Select(path => DotnetProject.Read(root, path))
            .ToList();
        if (projects.Count == 0)
        {
            return null;
        }

        var solution = Directory.EnumerateFiles(root).Select(Path.GetFileName).OfType<string>()
            .Where(name => Path.GetExtension(name) is ".slnx" or ".sln")
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return new DotnetWorkspace(root, solution ?? (projects.Find(project => project.IsTest) ?? projects[0]).Path, projects);
    }

    /// <summary>The project that is started or packed when nobody says which: a web project before a console program before a library. Null: there are only tests.</summary>
    public DotnetProject? Entry => Projects.Where(project => !project.IsTest).OrderBy(project => project.Kind).FirstOrDefault();
}

/// <summary>A .NET project.</summary>
/// <param name="Path">Its file, relative to the root, with forward slashes.</param>
/// <param name="Kind">What it makes.</param>
/// <param name="IsTest">Whether it is a test project.</param>
internal sealed record DotnetProject(string Path, Contracts.ProgramKind Kind, bool IsTest)
{
    /// <summary>Reads a project file. One that is no XML counts as a library; the build will say what is wrong with it.</summary>
    /// <param name="root">The root, absolute.</param>
    /// <param name="path">The file, relative to the root.</param>
    public static DotnetProject Read(string root, string path)
    {
        try
        {
            var project = XDocument.Load(System.IO.Path.Combine(root, path)).Root!;
            var isTest = project.Descendants().Any(element => element.Name.LocalName is "PackageReference" && (string?)element.Attribute("Include") is "Microsoft.NET.Test.Sdk")
                || project.Descendants().Any(element => element.Name.LocalName is "IsTestProject" && element.Value is "true");
            var isExe = project.Descendants().Any(element => element.Name.LocalName is "OutputType" && element.Value is "Exe" or "WinExe");
            var sdk = (string?)project.Attribute("Sdk") ?? "";
            var kind = sdk.StartsWith("Microsoft.NET.Sdk.Web", StringComparison.Ordinal) ? Contracts.ProgramKind.Web
                : isExe ? Contracts.ProgramKind.Console
                : Contracts.ProgramKind.Library;
            return new DotnetProject(path, kind, isTest);
        }
        catch (System.Xml.XmlException)
        {
            return new DotnetProject(path, Contracts.ProgramKind.Library, IsTest: false);
        }
    }
}
