using System.Globalization;
using System.Xml.Linq;

namespace Stack.Checks;

/// <summary>How the tests ended.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Passed">How many passed.</param>
/// <param name="Skipped">How many were not run.</param>
/// <param name="Failures">Those that failed.</param>
internal sealed record TestReport(int Total, int Passed, int Skipped, IReadOnlyList<TestFailure> Failures)
{
    /// <summary>Reads the reports (TRX) of a folder. No report gives no tests.</summary>
    /// <param name="folder">The folder.</param>
    public static TestReport Read(string folder)
    {
        var results = Files(folder, "*.trx").SelectMany(file => XDocument.Load(file).Descendants().Where(element => element.Name.LocalName is "UnitTestResult")).ToList();
        return new TestReport(
            results.Count,
            results.Count(result => (string?)result.Attribute("outcome") is "Passed"),
            results.Count(result => (string?)result.Attribute("outcome") is "NotExecuted"),
            [.. results.Where(result => (string?)result.Attribute("outcome") is not ("Passed" or "NotExecuted")).Select(FailureOf)]);
    }

    /// <summary>The share of executable lines that the tests ran, 0 to 100, over all reports (Cobertura) of a folder. Null: nothing was measured.</summary>
    /// <param name="folder">The folder.</param>
    public static double? ReadCoverage(string folder)
    {
        var lines = new Dictionary<(string File, int Line), bool>();
        foreach (var report in Files(folder, "coverage.cobertura.xml"))
        {
            foreach (var type in XDocument.Load(report).Descendants("class"))
            {
                var file = (string?)type.Attribute("filename") ?? "";
                foreach (var line in type.Elements("lines").Elements("line"))
                {
                    var key = (file, int.Parse(line.Attribute("number")!.Value, CultureInfo.InvariantCulture));
                    lines[key] = lines.GetValueOrDefault(key) || line.Attribute("hits")!.Value != "0";
                }
            }
        }

        return lines.Count == 0 ? null : Math.Round(100.0 * lines.Values.Count(hit => hit) / lines.Count, 1);
    }

    private static TestFailure FailureOf(XElement result) => new(
        (string?)result.Attribute("testName") ?? "unknown",
        result.Descendants().FirstOrDefault(element => element.Name.LocalName is "Message")?.Value.Trim() ?? (string?)result.Attribute("outcome") ?? "failed");

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];
}

/// <summary>A test that failed.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Message">Why.</param>
internal sealed record TestFailure(string Name, string Message);
