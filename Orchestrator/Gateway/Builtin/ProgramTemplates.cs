using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Programs without HTTP: a console program or a class library around one of two skills.</summary>
internal static class ProgramTemplates
{
    /// <summary>Writes a console program.</summary>
    public static Generation WriteConsole(GenerationRequest request, string reason, IReadOnlyList<string> limits)
    {
        var skill = Skill.For(request.Requirements);
        var project = NameOf(request, skill.ConsoleName);
        var command = CodeNames.Kebab(project);
        var files = new RepositoryFiles(project);
        files.Set("Title", CodeNames.Spaced(project))
            .Set("Summary", RepositoryFiles.SummaryOf(request))
            .Set("command", command)
            .Set("SkillFile", skill.MainFile)
            .Set("examples", string.Join('\n', skill.Commands.Where(probe => probe.ExitCode == 0).Select(probe => Example(project, probe))))
            .AddEvery("every/library-tests.csproj")
            .Add(files.EntryProject, "console/project.csproj")
            .Add("README.md", "console/README.md")
            .Add($"{files.Source}/Program.cs", "console/src/Program.cs")
            .Add($"{files.Source}/CommandLine.cs", $"console/{skill.Name}/CommandLine.cs")
            .Add($"{files.Tests}/CommandLineTests.cs", $"console/{skill.Name}/CommandLineTests.cs");
        skill.AddTo(files);
        var probes = new ProgramProbes { Kind = ProgramKind.Console, EntryProject = files.EntryProject, Commands = skill.Commands };
        return files.Finish(TemplateNames.Console, reason, [.. skill.LimitsFor(request.Requirements), .. limits], probes);
    }

    /// <summary>Writes a class library.</summary>
    public static Generation WriteLibrary(GenerationRequest request, string reason, IReadOnlyList<string> limits)
    {
        var skill = Skill.For(request.Requirements);
        var files = new RepositoryFiles(NameOf(request, skill.LibraryName));
        files.Set("Title", CodeNames.Spaced(NameOf(request, skill.LibraryName)))
            .Set("Summary", RepositoryFiles.SummaryOf(request))
            .Set("Description", skill.Description)
            .Set("SkillFile", skill.MainFile)
            .Set("examples", skill.LibraryExample)
            .AddEvery("every/library-tests.csproj")
            .Add(files.EntryProject, "library/project.csproj")
            .Add("README.md", "library/README.md");
        skill.AddTo(files);
        var probes = new ProgramProbes { Kind = ProgramKind.Library, EntryProject = files.EntryProject };
        return files.Finish(TemplateNames.Library, reason, [.. skill.LimitsFor(request.Requirements), .. limits], probes);
    }

    private static string NameOf(GenerationRequest request, string usual) =>
        CodeNames.Project(request.ProjectName is { } wish && CodeNames.Pascal(wish).Length > 0 ? wish : usual, []);

    private static string Example(string project, CommandProbe probe)
    {
        var run = $"dotnet run --project src/{project}{(probe.Arguments.Count > 0 ? $" -- {string.Join(' ', probe.Arguments)}" : "")}";
        return probe.Input is null ? $"    {run}" : $"    echo \"{probe.Input.Trim()}\" | {run}";
    }
}
