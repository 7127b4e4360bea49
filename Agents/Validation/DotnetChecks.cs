using Stack.Agents.Dotnet;
using Stack.Agents.Runtime;
using Stack.Checks;
using Stack.Contracts;

namespace Stack.Agents.Validation;

/// <summary>The checks of .NET projects: build, format, tests, coverage, complexity, duplication.</summary>
/// <param name="context">The attempt.</param>
/// <param name="with">The limits.</param>
/// <param name="dotnet">The SDK.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class DotnetChecks(AgentContext context, ValidationWith with, DotnetTool dotnet, Findings findings)
{
    /// <summary>Makes the checks. What needs a build is skipped when there is none.</summary>
    /// <param name="tracked">The files that git tracks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IReadOnlyList<string> tracked, CancellationToken cancellationToken)
    {
        context.Report(10, $"building {dotnet.Projects.Target}");
        if (await BuildAsync(cancellationToken))
        {
            context.Report(40, "checking the format and running the tests");
            var format = dotnet.CheckFormatAsync(cancellationToken);
            var tests = TestAsync(cancellationToken);
            await Task.WhenAll(format, tests);
            AddFormat(await format);
            AddTests(await tests);
        }
        else
        {
            foreach (var name in (string[])["format", "tests", "coverage"])
            {
                findings.Add(ValidationCheck.Skip(name, "Not checked: the build failed."));
            }
        }

        context.Report(80, "measuring the code");
        await MeasureAsync(tracked, cancellationToken);
    }

    private async Task<bool> BuildAsync(CancellationToken cancellationToken)
    {
        var result = await dotnet.BuildAsync(with.WarningsAsErrors, cancellationToken);
        var diagnostics = BuildDiagnostic.Read(result.Output, dotnet.Projects.Root);
        if (!result.Succeeded && diagnostics.Any(diagnostic => diagnostic.IsAboutPackageSource))
        {
            throw PackagesMissing(diagnostics.First(diagnostic => diagnostic.IsAboutPackageSource), result);
        }

        var errors = diagnostics.Where(diagnostic => diagnostic.IsError).Select(diagnostic => diagnostic.ToString()).ToList();
        if (!result.Succeeded && errors.Count == 0)
        {
            errors.Add(result.TimedOut ? $"The build did not end within {result.Duration.TotalMinutes:0} minutes." : result.Tail(5));
        }

        findings.Errors.AddRange(errors);
        findings.Warnings.AddRange(diagnostics.Where(diagnostic => !diagnostic.IsError).Select(diagnostic => diagnostic.ToString()));
        findings.Add(result.Succeeded
            ? ValidationCheck.Pass("build", $"{dotnet.Projects.Target} was built{(with.WarningsAsErrors ? " with warnings as errors" : "")} in {result.Duration.TotalSeconds:0.0} s.")
            : ValidationCheck.Fail("build", $"{dotnet.Projects.Target} does not build: {errors.Count} error{(errors.Count == 1 ? "" : "s")}.", "Correct the errors; `dotnet build` shows them.", errors));
        return result.Succeeded;
    }

    private void AddFormat(ProcessResult result)
    {
        var places = BuildDiagnostic.Read(result.Output, dotnet.Projects.Root).Select(diagnostic => diagnostic.ToString()).ToList();
        findings.Add(result.Succeeded
            ? ValidationCheck.Pass("format", "The code is formatted as .editorconfig demands.")
            : ValidationCheck.Fail(
                "format",
                places.Count > 0 ? $"{places.Count} places are not formatted as .editorconfig demands." : "The format could not be checked.",
                "Run `dotnet format` and commit what it changes.",
                places.Count > 0 ? places : [result.Tail(5)]));
    }

    private async Task<(ProcessResult Result, TestReport Report, double? Coverage)> TestAsync(CancellationToken cancellationToken)
    {
        var results = Path.Combine(context.ScratchDirectory, "results");
        var result = await dotnet.TestAsync(results, build: false, coverage: true, cancellationToken);
        return (result, TestReport.Read(results), TestReport.ReadCoverage(results));
    }

    private void AddTests((ProcessResult Result, TestReport Report, double? Coverage) tested)
    {
        var (result, report, coverage) = tested;
        var failures = report.Failures.Select(failure => $"{failure.Name}: {failure.Message}").ToList();
        findings.Errors.AddRange(failures);
        findings.Add((report, result.Succeeded) switch
        {
            ({ Total: 0 }, _) => ValidationCheck.Fail("tests", "There are no tests.", "Add a test project that is part of the solution.", result.Succeeded ? [] : [result.Tail(5)], 0),
            (_, false) => ValidationCheck.Fail("tests", $"{report.Failures.Count} of {report.Total} tests failed.", "Correct the program or the test; `dotnet test` shows the failures.", failures.Count > 0 ? failures : [result.Tail(5)], report.Failures.Count, 0),
            _ => ValidationCheck.Pass("tests", $"{report.Passed} tests passed{(report.Skipped > 0 ? $", {report.Skipped} were skipped" : "")}.", 0, 0),
        });
        findings.Add(coverage switch
        {
            null => ValidationCheck.Fail(
                "coverage",
                $"The coverage was not measured; it must be at least {with.Thresholds.Coverage} %.",
                dotnet.Projects.HasTests ? "Reference the package coverlet.collector in the test projects." : "Add a test project that references the package coverlet.collector.",
                [],
                null,
                with.Thresholds.Coverage),
            _ when coverage < with.Thresholds.Coverage => ValidationCheck.Fail(
                "coverage", $"The tests cover {coverage} % of the lines; at least {with.Thresholds.Coverage} % are demanded.", "Add tests for the code that no test runs.", [], coverage, with.Thresholds.Coverage),
            _ => ValidationCheck.Pass("coverage", $"The tests cover {coverage} % of the lines.", coverage, with.Thresholds.Coverage),
        });
    }

    private async Task MeasureAsync(IReadOnlyList<string> tracked, CancellationToken cancellationToken)
    {
        var testFolders = dotnet.Projects.Projects.Where(project => project.IsTest).Select(project => Path.GetDirectoryName(project.Path)! + "/").ToList();
        var code = await CodeMeasures.ReadAsync(dotnet.Projects.Root, tracked, path => testFolders.Exists(folder => folder.Length > 1 && path.StartsWith(folder, StringComparison.Ordinal)), cancellationToken);
        var complex = code.Complexities();
        var highest = complex is [var first, ..] ? first.Complexity : 0;
        var limit = with.Thresholds.Complexity;
        findings.Add(highest > limit
            ? ValidationCheck.Fail(
                "complexity",
                $"The method {complex[0].Name} has a cyclomatic complexity of {highest}; at most {limit} is allowed.",
                "Give the decisions of the method names of their own: split it.",
                complex.TakeWhile(method => method.Complexity > limit).Select(method => $"{method.Path}:{method.Line}: {method.Name} has {method.Complexity}"),
                highest,
                limit)
            : ValidationCheck.Pass("complexity", $"The highest cyclomatic complexity of {complex.Count} methods is {highest}.", highest, limit));

        var duplications = Duplications.Find(code.Files);
        findings.Add(duplications.Percent > with.Thresholds.Duplications
            ? ValidationCheck.Fail(
                "duplications",
                $"{duplications.Percent} % of the lines repeat others; at most {with.Thresholds.Duplications} % may.",
                "Give the repeated code one place and call it.",
                duplications.Places,
                duplications.Percent,
                with.Thresholds.Duplications)
            : ValidationCheck.Pass("duplications", $"{duplications.Percent} % of {duplications.Lines} lines repeat others.", duplications.Percent, with.Thresholds.Duplications));
    }

    private static AgentFailure PackagesMissing(BuildDiagnostic diagnostic, ProcessResult result) => new(new StructuredError
    {
        Code = "packages_unavailable",
        Message = $"The packages could not be restored: {diagnostic.Message}",
        Category = ErrorCategory.Dependency,
        Class = FailureClass.Unproductive,
        Retryable = diagnostic.Code is "NU1301",
        SuggestedAction = "Make the package source reachable from the agent's machine, or use packages that its cache has; `dotnet restore` shows the same error.",
        Details = result.Tail(),
    });
}
