using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Terminal;

public sealed class LogFileTests
{
    [Fact]
    public void Append_BeyondTheSize_KeepsTheLastThreeFiles()
    {
        using var directory = new TemporaryDirectory();
        using (var file = new LogFile(directory.Path, "server", TimeProvider.System, largestBytes: 100))
        {
            for (var number = 0; number < 20; number++)
            {
                file.Append($"line {number} \e[31mred\e[0m");
            }
        }

        Assert.True(Directory.GetFiles(directory.Path).Length <= 3);
        var lines = Directory.GetFiles(directory.Path).SelectMany(File.ReadAllLines).ToArray();
        Assert.Contains(lines, line => line.EndsWith("line 19 red", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.EndsWith("line 0 red", StringComparison.Ordinal));
    }
}
