using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

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

    private static readonly Skill s_greeting = new()
    {
        Name = "greeting",
        Files = ["Greeting"],
        TestFiles = ["GreetingTests"],
        ConsoleName = "Greeter",
        LibraryName = "Greetings",
        Description = "Says hello.",
        LibraryExample = """
                Greeting.For("Ada"); // Hello, Ada!
            """,
        IsMentioned = TemplateChoice.MentionsGreeting,
        Commands =
        [
            new CommandProbe { Name = "greets everybody", Output = "Hello, world!" },
            new CommandProbe { Name = "greets by name", Arguments = ["Ada"], Output = "Hello, Ada!" },
            new CommandProbe { Name = "refuses an unknown option", Arguments = ["--loud"], ExitCode = 64, Error = "There is no option '--loud'." },
        ],
    };

    /// <summary>Its folder among the templates.</summary>
    public required string Name { get; init; }

    /// <summary>Its sources, without extension; the first one is the one to read.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Their tests, without extension.</summary>
    public required IReadOnlyList<string> TestFiles { get; init; }

    /// <summary>What a console program is called.</summary>
    public required string ConsoleName { get; init; }

    /// <summary>What a library is called.</summary>
    public required string LibraryName { get; init; }

    /// <summary>What it does, in one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>How a library is used, as indented code of a README.</summary>
    public required string LibraryExample { get; init; }

    /// <summary>Whether requirements are about it.</summary>
    public required Func<string, bool> IsMentioned { get; init; }

    /// <summary>How to find out whether a console program does it.</summary>
    public required IReadOnlyList<CommandProbe> Commands { get; init; }

    /// <summary>The file that contains most of it.</summary>
    public string MainFile => $"{Files[0]}.cs";

    /// <summary>The skill that the requirements mention; text when they mention none.</summary>
    public static Skill For(string requirements) => s_arithmetic.IsMentioned(requirements) ? s_arithmetic : s_greeting.IsMentioned(requirements) ? s_greeting : s_text;

    /// <summary>Says so when the requirements mention no skill.</summary>
    public IEnumerable<string> LimitsFor(string requirements) =>
        IsMentioned(requirements) ? [] : ["The requirements mention neither arithmetic nor greetings nor texts, which is all that this template knows: statistics of texts stand in as a starting point."];

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
