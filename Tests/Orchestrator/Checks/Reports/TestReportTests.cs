using Stack.Checks;
using Stack.Tests.Agents;

namespace Stack.Tests.Orchestrator.Checks.Reports;

public sealed class TestReportTests
{
    [Fact]
    public void Read_Reports_CountsAndNamesFailures()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.trx", """
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
            <UnitTestResult testName="A.Works" outcome="Passed" /><UnitTestResult testName="A.Waits" outcome="NotExecuted" />
            <UnitTestResult testName="A.Breaks" outcome="Failed"><Output><ErrorInfo><Message>Expected 1</Message></ErrorInfo></Output></UnitTestResult>
            </Results></TestRun>
            """);

        var report = TestReport.Read(folder.Path);

        Assert.Equal((3, 1, 1), (report.Total, report.Passed, report.Skipped));
        Assert.Equal([new TestFailure("A.Breaks", "Expected 1")], report.Failures);
    }

    [Fact]
    public void ReadCoverage_SeveralReports_ALineCountsOnceAndIsHitWhenAnyTestHitsIt()
    {
        using var folder = new TemporaryFolder();
        folder.Write("1/coverage.cobertura.xml", Report("""<line number="1" hits="1" /><line number="2" hits="0" />"""));
        folder.Write("2/coverage.cobertura.xml", Report("""<line number="2" hits="3" /><line number="3" hits="0" />"""));

        Assert.Equal(66.7, TestReport.ReadCoverage(folder.Path));
    }

    [Fact]
    public void Read_NoReports_GivesNoTestsAndNoCoverage()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(0, TestReport.Read(folder.At("missing")).Total);
        Assert.Null(TestReport.ReadCoverage(folder.Path));
    }

    private static string Report(string lines) => $"""<coverage><packages><package><classes><class filename="A.cs"><lines>{lines}</lines></class></classes></package></packages></coverage>""";
}
