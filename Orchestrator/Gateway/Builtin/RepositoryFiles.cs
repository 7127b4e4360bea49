using System.Text.Encodings.Web;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Collects the files of a generated repository.</summary>
/// <param name="project">The project's name.</param>
internal sealed class RepositoryFiles(string project)
{
    // The file is read by people: indented, and with + and ' as they are.
    private static readonly JsonSerializerOptions s_indented = new(StackJson.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal) { ["Project"] = project };

    /// <summary>Where the project is.</summary>
    public string Source { get; } = $"src/{project}";

    /// <summary>Where its tests are.</summary>
    public string Tests { get; } = $"tests/{project}.Tests";

    /// <summary>The project that is started, packed or published.</summary>
    public string EntryProject => $"{Source}/{project}.csproj";

    /// <summary>Sets a value for the templates that are added from now on.</summary>
    /// <param name="name">The placeholder.</param>
    /// <param name="value">Its value.</param>
    public RepositoryFiles Set(string name, string value)
    {
        _values[name] = value;
        return this;
    }

    /// <summary>Adds a filled-in template.</summary>
    /// <param name="path">Where the file goes.</param>
    /// <param name="template">The template.</param>
    public RepositoryFiles Add(string path, string template)
    {
        _files.Add(path, TemplateText.Render(template, _values));
        return this;
    }

    /// <summary>Adds what every repository has, and the project file of its tests.</summary>
    /// <param name="testProject">The template of the tests' project file.</param>
    public RepositoryFiles AddEvery(string testProject)
    {
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", ".editorconfig", ".gitignore", ".gitattributes"])
        {
            Add(file, $"every/{file}");
        }

        return Add($"{project}.slnx", "every/solution.slnx").Add($"{Tests}/{project}.Tests.csproj", testProject);
    }

    /// <summary>Adds what every web program has.</summary>
    public RepositoryFiles AddWeb() => AddEvery("every/web-tests.csproj")
        .Add(EntryProject, "every/web.csproj")
        .Add($"{Source}/BadRequests.cs", "every/BadRequests.cs")
        .Add($"{Source}/Page.cs", "every/Page.cs")
        .Add($"{Tests}/RunningApp.cs", "every/RunningApp.cs");

    /// <summary>Ends the collection with the probes and makes the answer.</summary>
    /// <param name="template">The template.</param>
    /// <param name="reason">Why it was chosen.</param>
    /// <param name="limits">What it does not do.</param>
    /// <param name="probes">How to find out whether the program works.</param>
    public Generation Finish(string template, string reason, IReadOnlyList<string> limits, ProgramProbes probes)
    {
        _files.Add(ProgramProbes.FilePath, $"{JsonSerializer.Serialize(probes, s_indented)}\n");
        return new Generation
        {
            Template = template,
            Reason = reason,
            Limits = limits,
            Kind = probes.Kind,
            Project = project,
            EntryProject = EntryProject,
            Files = [.. _files.Select(file => new GeneratedFile(file.Key, file.Value))],
        };
    }

    /// <summary>The part of a README that says where the repository comes from.</summary>
    /// <param name="request">What was asked for.</param>
    public static string SummaryOf(GenerationRequest request)
    {
        var text = request.Requirements.Trim();
        var quote = string.Join('\n', (text.Length > 1_000 ? $"{text[..1_000]}…" : text).Split('\n').Select(line => $"> {line.Trim()}".TrimEnd()));
        return $"{quote}\n\nWritten by a template generator; no language model had a part in it.";
    }
}
