using System.Reflection;

namespace Aspire.Hosting.Offline;

/// <summary>
/// What the application host's project says about itself in its assembly: <c>apphostprojectpath</c> and <c>apphostprojectname</c> as Aspire's
/// build writes them, <c>apphost-option</c> (<c>--name VALUE|explanation</c>) for the help, <c>apphost-next</c> for what to type when everything runs, and
/// <c>apphost-usual</c> (<c>NAME=URL</c>) for the address of a resource that needs no mention.
/// </summary>
internal sealed class HostDescription(Assembly? assembly)
{
    private readonly AssemblyMetadataAttribute[] metadata = assembly?.GetCustomAttributes<AssemblyMetadataAttribute>().ToArray() ?? [];

    /// <summary>Whether the assembly is the application host's own, and not, say, that of a test.</summary>
    internal bool IsApplicationHost => ProjectDirectory is not null;

    internal string? ProjectDirectory => Value("apphostprojectpath");

    internal string? ProjectFile => Value("apphostprojectname");

    internal string? ProjectName => Path.GetFileNameWithoutExtension(ProjectFile);

    internal string? Next => Value("apphost-next");

    /// <summary>The options of the application itself, in the order of the project file.</summary>
    internal IEnumerable<(string Option, string Explanation)> Options => metadata.Where(one => one.Key == "apphost-option")
        .Select(one => (one.Value ?? "").Split('|', 2)).Select(parts => (parts[0], parts.Length > 1 ? parts[1] : ""));

    /// <summary>The option that changes the port of a resource, if the application has one.</summary>
    internal string? PortOptionOf(string resource) => Options.Select(one => one.Option.Split(' ')[0]).FirstOrDefault(option => option == $"--{resource}-port");

    internal string? UsualUrlOf(string resource) => metadata.Where(one => one.Key == "apphost-usual").Select(one => (one.Value ?? "").Split('=', 2))
        .FirstOrDefault(parts => parts[0] == resource)?.ElementAtOrDefault(1);

    internal static bool AsksForHelp(IEnumerable<string> arguments) => arguments.Any(argument => argument is "--help" or "-h" or "-?");

    internal IEnumerable<string> Help()
    {
        (string Option, string Explanation)[] all =
        [
            .. Options,
            ("--data DIR", "where data, logs and secrets are kept (default: .stack at the root of the repository)"),
            ("--infrastructure MODE", "how Postgres, Redis and the like are run: auto, containers, processes or embedded (default: auto)"),
            ("--dashboard on|off", "whether there is a dashboard (default: on)"),
            ("--dashboard-port PORT", "the port of the dashboard (default: 18888; 0: any that is free)"),
            ("--verbose", "shows every line of every resource, and not only warnings and errors"),
            ("--environment NAME", "the environment's name (default: DOTNET_ENVIRONMENT, or else Production)"),
            ("--Parameters:NAME VALUE", "the value of a parameter of the application"),
            ("--help", "this text"),
        ];
        yield return "Starts the application on this machine, and stops it on Ctrl+C.";
        yield return "";
        yield return "Instead of starting it: publish, build, deploy, releases, destroy (--output-path DIR, --publisher manifest|compose|kubernetes, --deployment-name NAME, --base-image IMAGE).";
        yield return "";
        yield return "Options:";
        var width = all.Max(one => one.Option.Length) + 2;
        foreach (var (option, explanation) in all)
        {
            yield return $"  {option.PadRight(width)}{explanation}";
        }
    }

    private string? Value(string key) => metadata.FirstOrDefault(one => string.Equals(one.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;
}
