using Aspire.Hosting.Offline;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.AppHost.Offline.Terminal;

public sealed class LineSeverityTests
{
    [Theory]
    [InlineData("info: Microsoft.Hosting.Lifetime[0]", LogLevel.Information)]
    [InlineData("\e[40m\e[1m\e[33mwarn\e[39m\e[22m\e[49m: Stack.Engine[3]", LogLevel.Warning)]
    [InlineData("fail: Stack.Engine[3]", LogLevel.Error)]
    [InlineData("crit: Stack.Engine[3]", LogLevel.Critical)]
    [InlineData("2026-11-21 15:07:10.616 UTC [123] LOG:  database system is ready to accept connections", LogLevel.Information)]
    [InlineData("2026-11-21 15:07:10.616 UTC [123] FATAL:  password authentication failed for user \"postgres\"", LogLevel.Critical)]
    [InlineData("2026-11-21 15:07:10.616 UTC [123] ERROR:  relation \"x\" does not exist", LogLevel.Error)]
    [InlineData("28485:C 21 Nov 2026 15:07:03.465 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", LogLevel.Information)]
    [InlineData("28485:M 21 Nov 2026 15:07:03.466 # WARNING Memory overcommit must be enabled!", LogLevel.Warning)]
    [InlineData("28485:M 21 Nov 2026 15:07:03.466 * Ready to accept connections", LogLevel.Information)]
    [InlineData("2026-11-21 15:07:10.616085+00:00 [info] <0.222.0> Feature flags: list", LogLevel.Information)]
    [InlineData("2026-11-21 15:07:10.616085+00:00 [error] <0.222.0> closing AMQP connection", LogLevel.Error)]
    [InlineData("{\"time\":\"2026\",\"level\":\"error\",\"msg\":\"no\"}", LogLevel.Error)]
    [InlineData("Unhandled exception. System.InvalidOperationException: no", LogLevel.Critical)]
    [InlineData("an error-free line of a program", LogLevel.Information)]
    [InlineData("", LogLevel.Information)]
    public void Line_OfAKnownProgram_IsJudgedByItsMark(string line, LogLevel level) => Assert.Equal(level, new LineSeverity().Judge(line, isError: false));

    [Fact]
    public void Line_WithoutAMarkOnStandardError_IsAWarning() => Assert.Equal(LogLevel.Warning, new LineSeverity().Judge("something odd", isError: true));

    [Fact]
    public void Line_Indented_GoesWithTheOneBefore()
    {
        var severity = new LineSeverity();

        Assert.Equal(LogLevel.Error, severity.Judge("fail: Stack[1]", isError: false));
        Assert.Equal(LogLevel.Error, severity.Judge("      It failed.", isError: false));
        Assert.Equal(LogLevel.Error, severity.Judge("         at Method()", isError: false));
        Assert.Equal(LogLevel.Information, severity.Judge("info: Stack[2]", isError: false));
        Assert.Equal(LogLevel.Information, severity.Judge("      It goes on.", isError: false));
    }
}
