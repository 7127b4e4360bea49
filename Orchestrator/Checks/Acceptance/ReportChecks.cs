using System.Globalization;
using System.Xml;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Checks;

/// <summary>The checks that read reports: tests and coverage. Only what a run here wrote is read; reports that came with the commit are removed before.</summary>
/// <param name="ground">Where.</param>
internal sealed class ReportChecks(CheckGround ground)
{
    /// <summary>Runs tests and counts them.</summary>
    /// <param name="check">The check.</param>
    /// <param name="cancellationToken">Ends them.</param>
    public async Task<CheckFinding> TestsAsync(AcceptanceCheck.Tests check, CancellationToken cancellationToken)
    {
        var expected = $"at least {check.MinPassed} {(check.MinPassed == 1 ? "test passes" : "tests pass")} and none fails";
        var run = check.Run.Count == 0 && check.Shell is null ? (string[])["dotnet", "test", "--nologo", "-v", "quiet", "--logger", "trx", "--results-directory", "{results}"] : check.Run;
        var (result, results, missing) = await RunAsync(run, check.Shell, check.Directory, check.Report, check.Timeout, cancellationToken);
        if (result is null)
        {
            return new CheckFinding(false, expected, missing!);
        }

        TestReport report;
        try
        {
            report = TestReport.ReadFiles(FilesOf(results, check.Report));
            report = report.Total == 0 ? TestReport.ReadTap(result.Output) : report;
        }
        catch (XmlException broken)
        {
            return new CheckFinding(false, expected, $"a report cannot be read: {broken.Message}") { ExitCode = result.ExitCode, Output = result.Output };
        }

        var actual = result.TimedOut ? $"the tests did not end within {DurationText.Format(check.Timeout)}"
            : report.Failures.Count > 0 ? $"{report.Failures.Count} of {report.Total} failed: {string.Join("; ", report.Failures.Take(5).Select(failure => $"{failure.Name}: {FirstLine(failure.Message)}"))}"
            : report.Total == 0 ? $"no report of any test was written; the exit code is {result.ExitCode}: {result.Tail(3)}"
            : report.Passed < check.MinPassed ? $"{report.Passed} passed, {report.Skipped} were not run"
            : result.ExitCode != 0 ? $"{report.Passed} passed, but the exit code is {result.ExitCode}: {result.Tail(3)}"
            : null;
        return new CheckFinding(actual is null, expected, actual ?? $"{report.Passed} passed{(report.Skipped > 0 ? $", {report.Skipped} were not run" : "")}") { ExitCode = result.ExitCode, Output = result.Output };
    }

    /// <summary>Measures how much of the code tests run.</summary>
    /// <param name="check">The check.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<CheckFinding> CoverageAsync(AcceptanceCheck.Coverage check, CancellationToken cancellationToken)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"tests run {check.Minimum:0.#} % of the lines");
        var run = check.Run.Count == 0 && check.Shell is null
            ? (string[])["dotnet", "test", "--nologo", "-v", "quiet", "--collect", "XPlat Code Coverage", "--results-directory", "{results}"]
            : check.Run;
        var (result, results, missing) = await RunAsync(run, check.Shell, check.Directory, check.Report, check.Timeout, cancellationToken);
        if (result is null)
        {
            return new CheckFinding(false, expected, missing!);
        }

        double? coverage;
        try
        {
            coverage = TestReport.ReadCoverage(FilesOf(results, check.Report).Where(file => check.Report is not null || file.EndsWith("cobertura.xml", StringComparison.OrdinalIgnoreCase)));
        }
        catch (Exception broken) when (broken is XmlException or FormatException or NullReferenceException)
        {
            return new CheckFinding(false, expected, $"the report cannot be read: {broken.Message}") { ExitCode = result.ExitCode, Output = result.Output };
        }

        var actual = result.TimedOut ? $"it did not end within {DurationText.Format(check.Timeout)}"
            : result.ExitCode != 0 ? $"the exit code is {result.ExitCode}: {result.Tail(3)}"
            : coverage is null ? "no coverage report was written"
            : null;
        var shown = actual ?? string.Create(CultureInfo.InvariantCulture, $"they run {coverage:0.#} %");
        return new CheckFinding(actual is null && coverage >= check.Minimum, expected, shown) { ExitCode = result.ExitCode, Output = result.Output };
    }

    private async Task<(ProcessResult? Result, string Results, string? Missing)> RunAsync(
        IReadOnlyList<string> run, string? shell, string directory, string? report, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var results = Directory.CreateDirectory(Path.Combine(ground.Scratch, $"results-{Path.GetRandomFileName()}")).FullName;
        if (CheckProgram.Missing(ground, run, directory) is { } missing)
        {
            return (null, results, missing);
        }

        foreach (var old in report is null ? [] : FilePattern.Find(ground.Workspace, report))
        {
            File.Delete(old);
        }

        return (await ground.Processes.RunAsync(CheckProgram.Of(ground, run, shell, directory, timeout, ("results", results)), cancellationToken), results, null);
    }

    private IReadOnlyList<string> FilesOf(string results, string? report) => report is null ? FilePattern.Find(results, "**") : FilePattern.Find(ground.Workspace, report);

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
