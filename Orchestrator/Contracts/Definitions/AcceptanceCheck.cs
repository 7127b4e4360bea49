using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// What must hold of a stage's work before the stage is completed. Made on the orchestrator's side in a clean clone of the commit that an agent claims to be done; what the agent says of itself
/// counts for nothing. A closed union; made by <see cref="DefinitionReader"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(CommandLine), "command")]
[JsonDerivedType(typeof(Http), "http")]
[JsonDerivedType(typeof(FileState), "file")]
[JsonDerivedType(typeof(Diff), "diff")]
[JsonDerivedType(typeof(Tests), "tests")]
[JsonDerivedType(typeof(Coverage), "coverage")]
[JsonDerivedType(typeof(Judge), "judge")]
public abstract record AcceptanceCheck
{
    private AcceptanceCheck()
    {
    }

    /// <summary>The longest that a check may take.</summary>
    public static TimeSpan MaxTimeout { get; } = TimeSpan.FromHours(1);

    /// <summary>What it shows, for a person. Null: made from the rest.</summary>
    public string? Name { get; init; }

    /// <summary>How long it may take; then what it started is ended, and it has not passed.</summary>
    /// <value>The default is 2 minutes.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The check in a few words, for people.</summary>
    [JsonIgnore]
    public string Title => Name ?? Describe();

    private protected abstract string Describe();

    private protected static string Shown(IReadOnlyList<string> run, string? shell) => shell ?? string.Join(' ', run);

    /// <summary>A program ends as it shall.</summary>
    public sealed record CommandLine : AcceptanceCheck
    {
        /// <summary>The program and its arguments, passed as they are. Empty: <see cref="Shell"/> is given. In a file a text here is a shell line.</summary>
        public IReadOnlyList<string> Run { get; init; } = [];

        /// <summary>A line for <c>/bin/sh</c>. Null: <see cref="Run"/> is given.</summary>
        public string? Shell { get; init; }

        /// <summary>The folder where it runs, relative to the workspace.</summary>
        /// <value>The default is the root, an empty text.</value>
        public string Directory { get; init; } = "";

        /// <summary>The exit code.</summary>
        /// <value>The default is 0.</value>
        public int ExitCode { get; init; }

        /// <summary>A text that its output must contain. Null: any.</summary>
        public string? OutputContains { get; init; }

        /// <summary>A regular expression (.NET, without backtracking) that its output must match. Null: any.</summary>
        public string? OutputMatches { get; init; }

        private protected override string Describe() => Shown(Run, Shell);
    }

    /// <summary>A program answers a request. It is started on a free port: <c>{port}</c> in its command line is replaced, and <c>PORT</c> and <c>ASPNETCORE_URLS</c> are set.</summary>
    public sealed record Http : AcceptanceCheck
    {
        /// <summary>The program and its arguments. Empty: <see cref="Shell"/> is given. In a file a text here is a shell line.</summary>
        public IReadOnlyList<string> Run { get; init; } = [];

        /// <summary>A line for <c>/bin/sh</c>. Null: <see cref="Run"/> is given.</summary>
        public string? Shell { get; init; }

        /// <summary>The folder where it runs, relative to the workspace.</summary>
        /// <value>The default is the root, an empty text.</value>
        public string Directory { get; init; } = "";

        /// <summary>The method.</summary>
        /// <value>The default is <c>GET</c>.</value>
        public string Method { get; init; } = "GET";

        /// <summary>Path and query, beginning with a slash.</summary>
        public required string Path { get; init; }

        /// <summary>The JSON body. Null: none.</summary>
        public JsonPayload? Body { get; init; }

        /// <summary>The status of the answer.</summary>
        /// <value>The default is 200.</value>
        public int Status { get; init; } = 200;

        /// <summary>A text that the answer must contain. Null: any.</summary>
        public string? Contains { get; init; }

        /// <summary>A regular expression (.NET, without backtracking) that the answer must match. Null: any.</summary>
        public string? Matches { get; init; }

        /// <summary>JSON that the answer must contain: every property of an object, equal values. Null: any answer.</summary>
        public JsonPayload? Json { get; init; }

        private protected override string Describe() => $"{Method} {Path} answers {Status}";
    }

    /// <summary>A file of the commit is there, or is not, and says what it shall. Looked at before any program runs: what a build makes is seen by a command.</summary>
    public sealed record FileState : AcceptanceCheck
    {
        /// <summary>Its path, relative to the workspace.</summary>
        public required string Path { get; init; }

        /// <summary>Whether it must be there (true) or must not (false).</summary>
        /// <value>The default is true.</value>
        public bool Exists { get; init; } = true;

        /// <summary>A text that it must contain. Null: any.</summary>
        public string? Contains { get; init; }

        /// <summary>A regular expression (.NET, without backtracking) that it must match. Null: any.</summary>
        public string? Matches { get; init; }

        private protected override string Describe() => $"{Path} {(Exists ? "is there" : "is not there")}";
    }

    /// <summary>The attempt changed what it shall, and nothing else that matters. Patterns: <c>*</c> within a name, <c>**</c> across folders.</summary>
    public sealed record Diff : AcceptanceCheck
    {
        /// <summary>For each pattern at least one file that fits must have changed.</summary>
        public IReadOnlyList<string> MustChange { get; init; } = [];

        /// <summary>No file that fits one of these may have changed.</summary>
        public IReadOnlyList<string> MustNotChange { get; init; } = [];

        /// <summary>How many lines may be added and removed together. Null: any number.</summary>
        public int? MaxLines { get; init; }

        private protected override string Describe() => "the change is the one that was asked for";
    }

    /// <summary>Enough tests ran, and none failed. Reports are read as TRX, JUnit or TAP, whichever they are.</summary>
    public sealed record Tests : AcceptanceCheck
    {
        /// <summary>The program that runs them, with its arguments; <c>{results}</c> is a folder for its reports. Empty, without <see cref="Shell"/>: <c>dotnet test</c>. In a file a text here is a shell line.</summary>
        public IReadOnlyList<string> Run { get; init; } = [];

        /// <summary>A line for <c>/bin/sh</c> that runs them. Null: <see cref="Run"/> says.</summary>
        public string? Shell { get; init; }

        /// <summary>The folder where it runs, relative to the workspace.</summary>
        /// <value>The default is the root, an empty text.</value>
        public string Directory { get; init; } = "";

        /// <summary>Where its reports are: a pattern relative to the workspace. Null: in <c>{results}</c>, or TAP in its output. Reports that are part of the commit are removed first.</summary>
        public string? Report { get; init; }

        /// <summary>How many tests must have passed at least; 1 or more.</summary>
        /// <value>The default is 1.</value>
        public int MinPassed { get; init; } = 1;

        private protected override string Describe() => $"at least {MinPassed} {(MinPassed == 1 ? "test passes" : "tests pass")} and none fails";
    }

    /// <summary>Tests run enough of the code, by a Cobertura report.</summary>
    public sealed record Coverage : AcceptanceCheck
    {
        /// <summary>The program that measures it, with its arguments; <c>{results}</c> is a folder for its report. Empty, without <see cref="Shell"/>: <c>dotnet test</c>. In a file a text here is a shell line.</summary>
        public IReadOnlyList<string> Run { get; init; } = [];

        /// <summary>A line for <c>/bin/sh</c> that measures it. Null: <see cref="Run"/> says.</summary>
        public string? Shell { get; init; }

        /// <summary>The folder where it runs, relative to the workspace.</summary>
        /// <value>The default is the root, an empty text.</value>
        public string Directory { get; init; } = "";

        /// <summary>Where its report is: a pattern relative to the workspace. Null: in <c>{results}</c>. Reports that are part of the commit are removed first.</summary>
        public string? Report { get; init; }

        /// <summary>The share of lines in percent that must have run; above 0, up to 100.</summary>
        public required double Minimum { get; init; }

        private protected override string Describe() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"tests run {Minimum:0.#} % of the lines");
    }

    /// <summary>A model looks at the change and says yes. The weakest evidence there is: it can be talked into anything. Give it beside others.</summary>
    public sealed record Judge : AcceptanceCheck
    {
        /// <summary>What it must be able to say yes to.</summary>
        public required string Question { get; init; }

        /// <summary>The model or alias that the gateway asks.</summary>
        /// <value>The default is <c>smart</c>.</value>
        public string Model { get; init; } = "smart";

        private protected override string Describe() => Question;
    }
}
