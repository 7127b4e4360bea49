using System.Reflection;
using System.Xml.Linq;

namespace Stack.Tests.Architecture;

/// <summary>A project exists only where a forbidden reference must fail; this is the list of what is allowed.</summary>
public sealed class LayeringTests
{
    /// <summary>Per project the projects that it may see, directly or through others.</summary>
    private static readonly Dictionary<string, string[]> MaySee = new(StringComparer.Ordinal)
    {
        ["Orchestrator/Contracts/Contracts.csproj"] = [],
        ["Orchestrator/Checks/Checks.csproj"] = ["Contracts"],
        ["Orchestrator/Engine/Engine.csproj"] = ["Contracts"],
        ["Orchestrator/Messaging/Messaging.csproj"] = ["Contracts"],
        ["Orchestrator/Cli/Cli.csproj"] = ["Contracts"],
        ["Orchestrator/Orchestrator.csproj"] = ["Checks", "Contracts", "Engine", "Messaging", "ServiceDefaults"],
        ["Agents/Agents.csproj"] = ["Checks", "Contracts", "Messaging", "ServiceDefaults"],
        ["ServiceDefaults/ServiceDefaults.csproj"] = [],
        ["AppHost/Offline/AppHost.Offline.csproj"] = [],
        ["AppHost/AppHost.csproj"] = ["AppHost.Offline"],
    };

    private static readonly string[] Drivers =
        ["Npgsql", "RabbitMQ.Client", "StackExchange.Redis", "Microsoft.Data.Sqlite", "SQLitePCLRaw.core", "SQLitePCLRaw.batteries_v2"];

    [Fact]
    public void Project_OfTheProduct_IsOnTheList()
        => Assert.Equal(
            MaySee.Keys.Order(StringComparer.Ordinal),
            SourceTree.Current.Text.Select(file => file.Path)
                .Where(path => path.EndsWith(".csproj", StringComparison.Ordinal) && SourceTree.ProductFolders.Contains(path.Split('/')[0], StringComparer.Ordinal) && !path.Contains("/Templates/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));

    [Fact]
    public void Project_OfTheProduct_SeesOnlyWhatItMay()
        => Finding.None(
            from project in MaySee
            from seen in Seen(project.Key)
            where !project.Value.Contains(Path.GetFileNameWithoutExtension(seen), StringComparer.Ordinal)
            select new Finding(project.Key, 1, $"sees {seen}; depend on a port in Contracts instead"));

    [Fact]
    public void Contracts_Packages_AreNone()
        => Finding.None(Items("Orchestrator/Contracts/Contracts.csproj", "PackageReference").Concat(Items("Orchestrator/Contracts/Contracts.csproj", "FrameworkReference"))
            .Select(package => new Finding("Orchestrator/Contracts/Contracts.csproj", 1, $"references {package}; Contracts has no packages, both sides must be able to carry it")));

    [Fact]
    public void Engine_Packages_AreAbstractionsOnly()
        => Finding.None(Items("Orchestrator/Engine/Engine.csproj", "PackageReference").Concat(Items("Orchestrator/Engine/Engine.csproj", "FrameworkReference"))
            .Where(package => !(package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) && package.EndsWith(".Abstractions", StringComparison.Ordinal)))
            .Select(package => new Finding("Orchestrator/Engine/Engine.csproj", 1, $"references {package}; the engine sees ports, adapters live in Orchestrator and Messaging")));

    [Theory]
    [InlineData("Stack.Contracts", "Microsoft.Extensions")]
    [InlineData("Stack.Contracts", "Microsoft.AspNetCore")]
    [InlineData("Stack.Checks", "Microsoft.AspNetCore")]
    [InlineData("Stack.Checks", "Stack.Engine")]
    [InlineData("Stack.Engine", "Microsoft.AspNetCore")]
    [InlineData("Stack.Engine", "Stack.Checks")]
    [InlineData("Stack.Engine", "Stack.Messaging")]
    [InlineData("Stack.Engine", "System.Net.Http")]
    [InlineData("Stack.Messaging", "Stack.Engine")]
    [InlineData("Stack.Agents", "Stack.Engine")]
    [InlineData("Stack.Agents", "Stack.Orchestrator")]
    [InlineData("Stack.ServiceDefaults", "Stack.")]
    [InlineData("Stack.AppHost", "Stack.Orchestrator")]
    [InlineData("Stack.AppHost", "Stack.Agents")]
    [InlineData("stack", "Stack.Engine")]
    [InlineData("stack", "Stack.Messaging")]
    public void Assembly_Built_DoesNotReference(string assembly, string forbidden)
        => Assert.DoesNotContain(References(assembly), name => name.StartsWith(forbidden, StringComparison.Ordinal));

    [Theory]
    [InlineData("Stack.Contracts")]
    [InlineData("Stack.Engine")]
    [InlineData("Stack.Agents")]
    [InlineData("Stack.AppHost")]
    [InlineData("stack")]
    public void Assembly_Built_ReferencesNoDatabaseDriver(string assembly)
        => Assert.DoesNotContain(References(assembly), name => Drivers.Contains(name, StringComparer.Ordinal) && !(assembly == "Stack.Agents" && name is "RabbitMQ.Client" or "StackExchange.Redis"));

    private static IEnumerable<string> References(string assembly)
        => Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")).GetReferencedAssemblies().Select(name => name.Name!);

    private static HashSet<string> Seen(string project)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>([project]);
        while (open.TryDequeue(out var next))
        {
            foreach (var reference in References(Document(next), next).Where(seen.Add))
            {
                open.Enqueue(reference);
            }
        }

        return seen;
    }

    // A reference that only orders the build gives no types away.
    private static IEnumerable<string> References(XDocument document, string project)
        => document.Descendants("ProjectReference")
            .Where(reference => !string.Equals((string?)reference.Attribute("ReferenceOutputAssembly"), "false", StringComparison.OrdinalIgnoreCase))
            .Select(reference => Path.GetRelativePath(
                SourceTree.Current.Root,
                Path.GetFullPath(Path.Combine(SourceTree.Current.Root, Path.GetDirectoryName(project)!, (string)reference.Attribute("Include")!))).Replace('\\', '/'));

    private static IEnumerable<string> Items(string project, string kind) => Document(project).Descendants(kind).Select(item => (string)item.Attribute("Include")!);

    private static XDocument Document(string project) => XDocument.Load(Path.Combine(SourceTree.Current.Root, project));
}
