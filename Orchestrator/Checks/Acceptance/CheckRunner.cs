using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Checks;

/// <summary>Makes one check after the other. A check that does not pass is a finding; one that cannot be made is a <see cref="CheckTroubleException"/>.</summary>
/// <param name="ground">Where.</param>
internal sealed class CheckRunner(CheckGround ground)
{
    private const int LongestTail = 4_000;
    private const int LongestSentence = 600;
    private const long LargestFile = 32L << 20;

    /// <summary>Makes a check, within its time.</summary>
    /// <param name="check">The check.</param>
    /// <param name="cancellationToken">Ends it and what it started.</param>
    /// <exception cref="CheckTroubleException">It cannot be made here and now.</exception>
    public async Task<CheckEvidence> RunAsync(AcceptanceCheck check, CancellationToken cancellationToken)
    {
        var started = ground.Time.GetTimestamp();
        using var patience = new CancellationTokenSource(check.Timeout, ground.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        CheckFinding finding;
        try
        {
            finding = await FindAsync(check, either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            finding = new CheckFinding(false, check.Title, $"it did not end within {DurationText.Format(check.Timeout)}");
        }
        catch (ProgramMissingException missing)
        {
            throw new CheckTroubleException(missing.Error with { Class = FailureClass.Infrastructure, Retryable = true }, missing);
        }

        return new CheckEvidence
        {
            Name = check.Title,
            Type = TypeOf(check),
            Passed = finding.Passed,
            Expected = Shorten(finding.Expected, LongestSentence),
            Actual = Shorten(finding.Actual, LongestSentence),
            Strength = check is AcceptanceCheck.Judge ? CheckStrength.Opinion : CheckStrength.Fact,
            DurationMs = (long)ground.Time.GetElapsedTime(started).TotalMilliseconds,
            ExitCode = finding.ExitCode,
            OutputTail = finding.Output is { Length: > 0 } output ? output[Math.Max(0, output.Length - LongestTail)..] : null,
            OutputSha256 = finding.Output is { Length: > 0 } whole ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole))) : null,
        };
    }

    /// <summary>The name of a check's type in definitions.</summary>
    /// <param name="check">The check.</param>
    public static string TypeOf(AcceptanceCheck check) => check switch
    {
        AcceptanceCheck.CommandLine => "command",
        AcceptanceCheck.Http => "http",
        AcceptanceCheck.FileState => "file",
        AcceptanceCheck.Diff => "diff",
        AcceptanceCheck.Tests => "tests",
        AcceptanceCheck.Coverage => "coverage",
        AcceptanceCheck.Judge => "judge",
        _ => throw new ArgumentOutOfRangeException(nameof(check), check.GetType().Name, "A check without a type."),
    };

    /// <summary>Whether a check only looks. Those are made first: programs of the work that others start could change what they see.</summary>
    /// <param name="check">The check.</param>
    public static bool OnlyLooks(AcceptanceCheck check) => check is AcceptanceCheck.FileState or AcceptanceCheck.Diff or AcceptanceCheck.Judge;

    private Task<CheckFinding> FindAsync(AcceptanceCheck check, CancellationToken cancellationToken) => check switch
    {
        AcceptanceCheck.CommandLine command => CommandAsync(command, cancellationToken),
        AcceptanceCheck.Http http => new HttpCheck(ground).RunAsync(http, cancellationToken),
        AcceptanceCheck.FileState file => FileAsync(file, cancellationToken),
        AcceptanceCheck.Diff diff => DiffAsync(diff, cancellationToken),
        AcceptanceCheck.Tests tests => new ReportChecks(ground).TestsAsync(tests, cancellationToken),
        AcceptanceCheck.Coverage coverage => new ReportChecks(ground).CoverageAsync(coverage, cancellationToken),
        AcceptanceCheck.Judge judge => JudgeAsync(judge, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(check), check.GetType().Name, "A check without a runner."),
    };

    private async Task<CheckFinding> CommandAsync(AcceptanceCheck.CommandLine check, CancellationToken cancellationToken)
    {
        var expected = $"'{CheckProgram.Shown(check.Run, check.Shell)}' ends with exit code {check.ExitCode}{Wanted(check.OutputContains, check.OutputMatches, " and its output ")}";
        if (CheckProgram.Missing(ground, check.Run, check.Directory) is { } missing)
        {
            return new CheckFinding(false, expected, missing);
        }

        var result = await ground.Processes.RunAsync(CheckProgram.Of(ground, check.Run, check.Shell, check.Directory, check.Timeout), cancellationToken);
        var actual = result.TimedOut ? $"it did not end within {DurationText.Format(check.Timeout)}"
            : result.ExitCode != check.ExitCode ? $"the exit code is {result.ExitCode}: {result.Tail(3)}"
            : Difference(result.Output, check.OutputContains, check.OutputMatches, "the output");
        return new CheckFinding(actual is null, expected, actual ?? "as expected") { ExitCode = result.ExitCode, Output = result.Output };
    }

    private async Task<CheckFinding> FileAsync(AcceptanceCheck.FileState check, CancellationToken cancellationToken)
    {
        var expected = check.Exists ? $"{check.Path} is there{Wanted(check.Contains, check.Matches, " and ")}" : $"{check.Path} is not there";
        var path = Path.Combine(ground.Workspace, check.Path);
        if (CheckProgram.LinkIn(ground.Workspace, check.Path) is { } link)
        {
            return new CheckFinding(!check.Exists, expected, $"{link} is a symbolic link, which counts as not there");
        }

        var isThere = File.Exists(path) || Directory.Exists(path);
        if (isThere != check.Exists)
        {
            return new CheckFinding(false, expected, isThere ? "it is there" : "it is not there");
        }

        if (!isThere || (check.Contains ?? check.Matches) is null)
        {
            return new CheckFinding(true, expected, "as expected");
        }

        if (new FileInfo(path) is { Exists: true, Length: > LargestFile })
        {
            return new CheckFinding(false, expected, $"it is larger than {LargestFile >> 20} MiB");
        }

        var actual = File.Exists(path) ? Difference(await File.ReadAllTextAsync(path, cancellationToken), check.Contains, check.Matches, "it") : "it is a folder";
        return new CheckFinding(actual is null, expected, actual ?? "as expected");
    }

    private async Task<CheckFinding> DiffAsync(AcceptanceCheck.Diff check, CancellationToken cancellationToken)
    {
        var changes = await ground.Changes(cancellationToken);
        var problems = check.MustChange.Where(pattern => !changes.Any(change => FilePattern.Fits(pattern, change.Path))).Select(pattern => $"nothing that fits '{pattern}' changed").ToList();
        problems.AddRange(changes.Where(change => check.MustNotChange.Any(pattern => FilePattern.Fits(pattern, change.Path))).Take(10).Select(change => $"{change.Path} changed"));
        var lines = changes.Sum(change => (long)(change.Lines ?? 0));
        if (check.MaxLines is { } most && lines > most)
        {
            problems.Add($"{lines} lines changed");
        }

        string[] wanted =
        [
            .. check.MustChange.Count > 0 ? (string[])[$"changes {string.Join(", ", check.MustChange)}"] : [],
            .. check.MustNotChange.Count > 0 ? (string[])[$"does not change {string.Join(", ", check.MustNotChange)}"] : [],
            .. check.MaxLines is { } limit ? (string[])[$"changes at most {limit} lines"] : [],
        ];
        var files = $"{changes.Count} {(changes.Count == 1 ? "file" : "files")} and {lines} {(lines == 1 ? "line" : "lines")} changed";
        return new CheckFinding(problems.Count == 0, $"it {string.Join(" and ", wanted)}", problems.Count == 0 ? files : string.Join("; ", problems));
    }

    private async Task<CheckFinding> JudgeAsync(AcceptanceCheck.Judge check, CancellationToken cancellationToken)
    {
        if (ground.Judge is not { } ask)
        {
            throw new CheckTroubleException(new StructuredError
            {
                Code = "judge_missing",
                Category = ErrorCategory.Configuration,
                Class = FailureClass.Infrastructure,
                Retryable = true,
                Message = "A check asks a model, and there is none here.",
                SuggestedAction = "Remove the check of type 'judge', or configure a model.",
            });
        }

        var answer = await ask(check, cancellationToken);
        return new CheckFinding(answer.Passed, $"a model says yes to: {check.Question}", $"{answer.Model} says {(answer.Passed ? "yes" : "no")} (an opinion, the weakest evidence): {answer.Reason}");
    }

    private static string Wanted(string? contains, string? matches, string before) =>
        contains is null && matches is null ? ""
            : before + string.Join(" and ", new[] { contains is null ? null : $"contains '{Shorten(contains, 200)}'", matches is null ? null : $"matches /{Shorten(matches, 200)}/" }.OfType<string>());

    /// <summary>What is wrong with a text. Null: nothing.</summary>
    internal static string? Difference(string text, string? contains, string? matches, string what) =>
        contains is not null && !text.Contains(contains, StringComparison.Ordinal) ? $"{what} does not contain '{Shorten(contains, 200)}'"
            : matches is not null && !Regex.IsMatch(text, matches, RegexOptions.NonBacktracking | RegexOptions.Multiline) ? $"{what} does not match /{Shorten(matches, 200)}/"
            : null;

    private static string Shorten(string text, int limit) => text.Length > limit ? $"{text[..limit]}…" : text;
}

/// <summary>What a check found.</summary>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Expected">What had to be.</param>
/// <param name="Actual">What was.</param>
internal sealed record CheckFinding(bool Passed, string Expected, string Actual)
{
    /// <summary>The exit code of its program. Null: none ran, or it was ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What its program wrote. Null: none ran.</summary>
    public string? Output { get; init; }
}
