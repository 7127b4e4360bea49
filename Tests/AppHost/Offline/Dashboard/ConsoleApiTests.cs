using System.Text.Json;

namespace Stack.Tests.AppHost.Offline.Dashboard;

public sealed class ConsoleApiTests
{
    private static readonly string[] On = ["--dashboard", "on", "--dashboard-port", "0", "--infrastructure", "embedded"];

    [Fact]
    public async Task Live_WhileItWrites_TellsOldAndNewLinesWithTheirColors()
    {
        await using var application = new TestApplication(On);
        application.AddShell("server", "printf 'first \\033[31mred\\033[0m\\n'; sleep 0.5; echo second >&2; exec sleep 3000");
        using var client = await StartAsync(application);
        var lines = new List<JsonElement>();

        await client.EventAsync("/api/console/live?id=server", "lines", content =>
        {
            lines.AddRange(content.GetProperty("content").EnumerateArray());
            return lines.Any(line => line.GetProperty("text").GetString() == "second");
        });

        Assert.Contains(lines, line => line.GetProperty("text").GetString() == "first \e[31mred\e[0m" && !line.GetProperty("is_error").GetBoolean());
        Assert.True(lines.Single(line => line.GetProperty("text").GetString() == "second").GetProperty("is_error").GetBoolean());
        Assert.Equal(lines.Select(line => line.GetProperty("number").GetInt32()).Order(), lines.Select(line => line.GetProperty("number").GetInt32()));
    }

    [Fact]
    public async Task Live_AfterTheLastLineOfThisRun_GoesOnThere()
    {
        await using var application = new TestApplication(On);
        application.AddShell("server", "echo one; echo two; echo three; exec sleep 3000");
        using var client = await StartAsync(application);
        var run = (await client.EventAsync("/api/console/live?id=server", "begin", _ => true)).GetProperty("run").GetString();
        await Eventually.TrueAsync(() => application.Log("server").Count == 3, "three lines are there", TimeSpan.FromSeconds(10));

        var rest = await client.EventAsync($"/api/console/live?id=server&run={run}&after=2", "lines", _ => true);

        Assert.Equal("three", Assert.Single(rest.GetProperty("content").EnumerateArray()).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Older_ThanWhatIsKept_ComesFromTheFilesOfEarlierRunsToo()
    {
        using var directory = new TemporaryDirectory();
        await using (var first = new TestApplication(directory, On))
        {
            first.AddShell("server", "for i in $(seq 1 3000); do echo line $i; done; exec sleep 3000");
            await first.StartAsync();
            await Eventually.TrueAsync(() => first.Log("server") is [.., "line 3000"], "all lines are read", TimeSpan.FromSeconds(20));
        }
        await using var application = new TestApplication(directory, On);
        application.AddShell("server", "echo again; exec sleep 3000");
        using var client = await StartAsync(application);
        await Eventually.TrueAsync(() => application.Log("server").Contains("again"), "it runs again", TimeSpan.FromSeconds(10));

        var page = await client.GetAsync("/api/console/server/older?first=1&count=1000");
        var before = await client.GetAsync($"/api/console/server/older?cursor={page.GetProperty("cursor").GetString()}&count=1000");
        var found = await client.GetAsync("/api/console/server/older?first=0&text=LINE%2042&count=100");
        var all = await client.Http.GetStringAsync("/api/console/server/download");

        Assert.Equal("line 3000", Texts(page)[^1]);
        Assert.Equal("line 2001", Texts(page)[0]);
        Assert.Equal(("line 1001", "line 2000"), (Texts(before)[0], Texts(before)[^1]));
        Assert.Equal(["line 42", .. Enumerable.Range(420, 10).Select(number => $"line {number}")], Texts(found));
        Assert.Equal(3001, all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static string[] Texts(JsonElement page) => [.. page.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("text").GetString()!)];

    private static async Task<DashboardClient> StartAsync(TestApplication application)
    {
        await application.StartAsync();
        return await DashboardClient.LoggedInAsync(application);
    }
}
