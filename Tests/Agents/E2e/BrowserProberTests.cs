using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Agents.E2e;
using Stack.Contracts;

namespace Stack.Tests.Agents.E2e;

public sealed class BrowserProberTests
{
    [ChromiumFact]
    public async Task Probe_Pages_NamesErrorsAndWrongTitlesAndKeepsPictures()
    {
        using var folder = new TemporaryFolder();
        await using var app = await ServeAsync();
        var log = new E2eLog();

        var names = await new BrowserProber(BrowserProber.FindChromium()!, new Uri(app.Urls.Single()), log).ProbeAsync(
            [new PageProbe { Path = "/good", Title = "Good" }, new PageProbe { Path = "/good", Title = "Other" }, new PageProbe { Path = "/broken" }, new PageProbe { Path = "/untitled" }, new PageProbe { Path = "/missing" }],
            folder.Path,
            new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = folder.Path },
            CancellationToken.None);

        Assert.Equal([true, false, false, false, false], log.Steps.Select(step => step.Passed));
        Assert.Equal("the title is 'Good'", log.Steps[1].Actual);
        Assert.Contains("nothing is not defined", log.Steps[2].Actual, StringComparison.Ordinal);
        Assert.Equal("there is no title", log.Steps[3].Actual);
        Assert.Equal("the status is 404", log.Steps[4].Actual);
        Assert.All(names, name => Assert.True(new FileInfo(folder.At(name)).Length > 1000));
    }

    private static async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        Page(app, "/good", "<title>Good</title><p>All is well.</p>");
        Page(app, "/broken", "<title>Broken</title><script>nothing();</script>");
        Page(app, "/untitled", "<p>Who am I?</p>");
        app.MapFallback(() => TypedResults.Text("<title>Missing</title>", "text/html", statusCode: 404));
        await app.StartAsync();
        return app;
    }

    private static void Page(WebApplication app, string path, string body) =>
        app.MapGet(path, () => TypedResults.Text($"<!doctype html><html lang=en><link rel=icon href='data:,'>{body}</html>", "text/html"));
}

/// <summary>A test that opens pages in Chromium.</summary>
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = BrowserProber.FindChromium() is null ? "Chromium is not installed; on Debian: apt-get install chromium." : null;
}
