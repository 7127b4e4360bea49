using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Stack.Checks;

/// <summary>How the tests ended.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Passed">How many passed.</param>
/// <param name="Skipped">How many were not run.</param>
/// <param name="Failures">Those that failed.</param>
internal sealed partial record TestReport(int Total, int Passed, int Skipped, IReadOnlyList<TestFailure> Failures)
{
    /// <summary>Reads the reports (TRX) of a folder. No report gives no tests.</summary>
    /// <param name="folder">The folder.</param>
    public static TestReport Read(string folder) => ReadFiles(Files(folder, "*.trx"));

    /// <summary>Reads reports, each as what it is: TRX or JUnit by its first element, TAP when it is no XML. Other files give no tests.</summary>
    /// <param name="files">The reports.</param>
    /// <exception cref="XmlException">One begins like XML and is none.</exception>
    public static TestReport ReadFiles(IEnumerable<string> files)
    {
        var reports = files.Select(ReadFile).ToList();
        return new TestReport(reports.Sum(report => report.Total), reports.Sum(report => report.Passed), reports.Sum(report => report.Skipped), [.. reports.SelectMany(report => report.Failures)]);
    }

    /// <summary>Reads what a program wrote in the Test Anything Protocol; other lines are passed over. Source: testanything.org, version 14.</summary>
    /// <param name="text">What it wrote.</param>
    public static TestReport ReadTap(string text)
    {
        var failures = new List<TestFailure>();
        int passed = 0, skipped = 0, planned = 0;
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (TapPlan().Match(line) is { Success: true } plan)
            {
                planned = int.TryParse(plan.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : planned;
            }
            else if (TapPoint().Match(line) is { Success: true } point)
            {
                var aside = point.Groups["aside"].Success;
                passed += !aside && !point.Groups["not"].Success ? 1 : 0;
                skipped += aside ? 1 : 0;
                if (!aside && point.Groups["not"].Success)
                {
                    failures.Add(new TestFailure(point.Groups["name"].Value.Trim() is { Length: > 0 } name ? name : $"test {point.Groups["number"].Value}", "not ok"));
                }
            }
            else if (line.StartsWith("Bail out!", StringComparison.Ordinal))
            {
                failures.Add(new TestFailure("all", line));
            }
        }

        var ran = passed + skipped + failures.Count;
        if (ran > 0 && planned > ran)
        {
            failures.Add(new TestFailure("all", $"{planned} were planned, {ran} ran"));
        }

        return new TestReport(passed + skipped + failures.Count, passed, skipped, failures);
    }

    /// <summary>The share of executable lines that the tests ran, 0 to 100, over all reports (Cobertura) of a folder. Null: nothing was measured.</summary>
    /// <param name="folder">The folder.</param>
    public static double? ReadCoverage(string folder) => ReadCoverage(Files(folder, "coverage.cobertura.xml"));

    /// <summary>The share of executable lines that the tests ran, 0 to 100, over all reports (Cobertura). Null: nothing was measured.</summary>
    /// <param name="files">The reports.</param>
    public static double? ReadCoverage(IEnumerable<string> files)
    {
        var lines = new Dictionary<(string File, int Line), bool>();
        foreach (var type in files.SelectMany(file => Load(file).Descendants("class")))
        {
            var file = (string?)type.Attribute("filename") ?? "";
            foreach (var line in type.Elements("lines").Elements("line"))
            {
                var key = (file, int.Parse(line.Attribute("number")!.Value, CultureInfo.InvariantCulture));
                lines[key] = lines.GetValueOrDefault(key) || line.Attribute("hits")!.Value != "0";
            }
        }

        return lines.Count == 0 ? null : Math.Round(100.0 * lines.Values.Count(hit => hit) / lines.Count, 1);
    }

    private static TestReport ReadFile(string file)
    {
        using (var text = new StreamReader(file))
        {
            var first = text.Read();
            while (first >= 0 && char.IsWhiteSpace((char)first))
            {
                first = text.Read();
            }

            if (first != '<')
            {
                return ReadTap(File.ReadAllText(file));
            }
        }

        var root = Load(file).Root!;
        return root.Name.LocalName is "testsuites" or "testsuite" ? ReadJUnit(root) : ReadTrx(root);
    }

    private static TestReport ReadTrx(XElement root)
    {
        var results = root.DescendantsAndSelf().Where(element => element.Name.LocalName is "UnitTestResult").ToList();
        return new TestReport(
            results.Count,
            results.Count(result => (string?)result.Attribute("outcome") is "Passed"),
            results.Count(result => (string?)result.Attribute("outcome") is "NotExecuted"),
            [.. results.Where(result => (string?)result.Attribute("outcome") is not ("Passed" or "NotExecuted")).Select(FailureOf)]);
    }

    private static TestReport ReadJUnit(XElement root)
    {
        var cases = root.DescendantsAndSelf("testcase").ToList();
        var failed = cases.Where(test => test.Element("failure") is not null || test.Element("error") is not null).ToList();
        var skipped = cases.Count(test => test.Element("skipped") is not null);
        return new TestReport(cases.Count, cases.Count - failed.Count - skipped, skipped, [.. failed.Select(test => new TestFailure(NameOf(test), MessageOf(test.Element("failure") ?? test.Element("error")!)))]);
    }

    private static string NameOf(XElement test) => string.Join('.', new[] { (string?)test.Attribute("classname"), (string?)test.Attribute("name") }.Where(part => !string.IsNullOrEmpty(part)));

    private static string MessageOf(XElement failure) => (string?)failure.Attribute("message") is { Length: > 0 } message ? message : failure.Value.Trim();

    // Reports are written by programs that nobody vouches for: no document types, no entities.
    private static XDocument Load(string file)
    {
        using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        return XDocument.Load(reader);
    }

    private static TestFailure FailureOf(XElement result) => new(
        (string?)result.Attribute("testName") ?? "unknown",
        result.Descendants().FirstOrDefault(element => element.Name.LocalName is "Message")?.Value.Trim() ?? (string?)result.Attribute("outcome") ?? "failed");

    [GeneratedRegex(@"^1\.\.(\d+)")]
    private static partial Regex TapPlan();

    [GeneratedRegex(@"^(?<not>not )?ok\b\s*(?<number>\d*)\s*(?:-\s*)?(?<name>[^#]*)(?:#\s*(?<aside>(?i:skip|todo))\b.*)?")]
    private static partial Regex TapPoint();

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];
}

/// <summary>A test that failed.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Message">Why.</param>
internal sealed record TestFailure(string Name, string Message);
