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

/// <summary>Something that a program without HTTP can be about.</summary>
internal sealed record Skill
{
    private static readonly Skill s_arithmetic = new()
    {
        Name = "arithmetic",
        Files = ["Arithmetic", "Numbers"],
        TestFiles = ["ArithmeticTests"],
        ConsoleName = "Calculator",
        LibraryName = "Calculations",
        Description = "Addition, subtraction, multiplication and division of decimal numbers, with refusals in place of exceptions.",
        LibraryExample = """
                var calculation = Arithmetic.Calculate(Operation.Divide, 1, 8);
                // calculation.Result is 0.125; after a division by zero it is null and calculation.Refusal says why.
            """,
        IsMentioned = TemplateChoice.MentionsArithmetic,
        Commands =
        [
            new CommandProbe { Name = "adds exactly", Arguments = ["add", "0.1", "0.2"], Output = "0.3" },
            new CommandProbe { Name = "divides", Arguments = ["divide", "1", "8"], Output = "0.125" },
            new CommandProbe { Name = "refuses division by zero", Arguments = ["divide", "1", "0"], ExitCode = 1, Error = "Division by zero: 1 cannot be divided by 0." },
            new CommandProbe { Name = "refuses an unknown operation", Arguments = ["power", "1", "2"], ExitCode = 64, Error = "'power' is not an operation." },
        ],
    };

    private static readonly Skill s_text = new()
    {
        Name = "text",
        Files = ["TextStatistics"],
        TestFiles = ["TextStatisticsTests"],
        ConsoleName = "WordCount",
        LibraryName = "TextMeasures",
        Description = "Counts lines, words and characters of texts and finds the most frequent word.",
        LibraryExample = """
                var statistics = TextStatistics.Of("to be or not to be");
                // statistics.Words is 6, statistics.MostFrequent is "be".
            """,
        IsMentioned = TemplateChoice.MentionsText,
        Commands =
        [
            new CommandProbe { Name = "counts its input", Input = "to be or not to be\n", Output = "lines: 1\nwords: 6\ncharacters: 19\nmost frequent: be" },
            new CommandProbe { Name = "names a missing file", Arguments = ["no-such-file.txt"], ExitCode = 1, Error = "The file 'no-such-file.txt' cannot be read" },
            new CommandProbe { Name = "refuses two files", Arguments = ["a", "b"], ExitCode = 64, Error = "At most one file can be named" },
        ],
    };

    public required string Name { get; init; }

    public required IReadOnlyList<string> Files { get; init; }

    public required IReadOnlyList<string> TestFiles { get; init; }

    public required string ConsoleName { get; init; }

    public required string LibraryName { get; init; }

    public required string Description { get; init; }

    public required string LibraryExample { get; init; }

    public required Func<string, bool> IsMentioned { get; init; }

    public required IReadOnlyList<CommandProbe> Commands { get; init; }

    /// <summary>The file that contains most of it.</summary>
    public string MainFile => $"{Files[0]}.cs";

    /// <summary>The skill that the requirements mention; text when they mention none.</summary>
    public static Skill For(string requirements) => s_arithmetic.IsMentioned(requirements) ? s_arithmetic : s_text;

    /// <summary>Says so when the requirements mention no skill.</summary>
    public IEnumerable<string> LimitsFor(string requirements) =>
        IsMentioned(requirements) ? [] : ["The requirements mention neither arithmetic nor texts, which is all that this template knows: statistics of texts stand in as a starting point."];

    /// <summary>Adds its files and tests.</summary>
    public void AddTo(RepositoryFiles repository)
    {
        foreach (var file in Files)
        {
            repository.Add($"{repository.Source}/{file}.cs", $"skills/{Name}/{file}.cs");
        }

        foreach (var file in TestFiles)
        {
            repository.Add($"{repository.Tests}/{file}.cs", $"skills/{Name}/{file}.cs");
        }
    }
}
