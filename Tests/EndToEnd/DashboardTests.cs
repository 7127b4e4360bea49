using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Stack.Agents.E2e;
using Stack.Tests.Servers;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>The dashboard as a person uses it, in a real browser, on a stack that is just starting.</summary>
[Collection(EndToEndCollection.Name)]
[NeedsServer("chromium")]
public sealed partial class DashboardTests(ITestOutputHelper output)
{
    private const string Orchestrator = "orchestrator";
    private const string Agent = "scaffold-agent";

    /// <summary>Remembers in the page when each resource was first shown as healthy.</summary>
    private const string WatchRows = """
        window.order = [];
        setInterval(() => {
          for (const row of document.querySelectorAll('tr[data-id]')) {
            if (row.dataset.standing === 'healthy' && !window.order.includes(row.dataset.id)) window.order.push(row.dataset.id);
          }
        }, 20);
        """;

    [ServerFact]
    public async Task Person_FromTheLinkToARestart_SeesWhatHappensAndWhy()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = BrowserProber.FindChromium(), Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        await using var stack = new RunningStack();
        var started = stack.StartAsync(("dashboard-port", "0"), ("DOTNET_ENVIRONMENT", "Development"));
        try
        {
            var page = await OpenAsync(browser, stack);
            await BecomeHealthyInOrderAsync(page);
            await started;
            await ReadALogAsync(page);
            await FollowATraceAsync(page, stack);
            await ChartAMetricAsync(page);
            await StopReadAndRestartAsync(page);
        }
        catch (Exception failure) when (failure is PlaywrightException or TimeoutException)
        {
            output.WriteLine(stack.Output);
            throw;
        }
    }

    private async Task<IPage> OpenAsync(IBrowser browser, RunningStack stack)
    {
        await Eventually.TrueAsync(() => Task.FromResult(LoginLink().IsMatch(stack.Output)), () => $"the host prints the link to log in; it printed: {stack.Output}", TimeSpan.FromSeconds(60));
        var link = new Uri(LoginLink().Match(stack.Output).Groups["link"].Value);
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1440, Height = 900 } });
        page.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        page.PageError += (_, error) => output.WriteLine($"error in the page: {error}");
        await page.GotoAsync(link.GetLeftPart(UriPartial.Authority));
        await page.GetByLabel("Token").FillAsync("a guess");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This token is not the one of this run.");
        await page.GetByLabel("Token").FillAsync(link.Query["?t=".Length..]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.EvaluateAsync(WatchRows);
        return page;
    }

    private static async Task BecomeHealthyInOrderAsync(IPage page)
    {
        foreach (var agent in new[] { Agent, "validation-agent", "e2e-agent", "integration-agent", "deployment-agent" })
        {
            await Assertions.Expect(Row(page, agent)).ToHaveAttributeAsync("data-standing", "healthy", new() { Timeout = 90_000 });
        }
        var order = (await page.EvaluateAsync<string[]>("window.order")).ToList();
        Assert.True(order.Count >= 8, $"only {string.Join(", ", order)} became healthy");
        Assert.All(["postgres", "redis", "rabbitmq"], server => Assert.True(order.IndexOf(server) >= 0 && order.IndexOf(server) < order.IndexOf(Orchestrator), string.Join(", ", order)));
        Assert.All(order.Where(name => name.EndsWith("-agent", StringComparison.Ordinal)), agent => Assert.True(order.IndexOf(agent) > order.IndexOf(Orchestrator), string.Join(", ", order)));
    }

    private static async Task ReadALogAsync(IPage page)
    {
        await page.GotoAsync(new Uri(new Uri(page.Url), $"/consolelogs/{Orchestrator}").AbsoluteUri);
        await Assertions.Expect(page.GetByRole(AriaRole.Log)).ToContainTextAsync("Application started.");
        await page.GetByPlaceholder("Filter lines").FillAsync("listening on");
        await Assertions.Expect(page.Locator(".console-line mark").First).ToHaveTextAsync("listening on");
        await Assertions.Expect(page.GetByRole(AriaRole.Log)).Not.ToContainTextAsync("Application started.");
    }

    private static async Task FollowATraceAsync(IPage page, RunningStack stack)
    {
        var workflow = await stack.SubmitAsync("A calculator web API with add, subtract, multiply and divide");
        await page.GetByRole(AriaRole.Link, new() { Name = "Traces" }).ClickAsync();
        await page.GetByPlaceholder("Name or trace id").FillAsync("scaffolding attempt");
        // Until the filter applies, the list still shows what was there before it: the trace is known by its name.
        await page.Locator(".trace-row[data-trace]", new() { HasTextRegex = new Regex("POST /?api/v1/workflows") }).First.ClickAsync();
        await Assertions.Expect(page.Locator(".trace-legend")).ToContainTextAsync(Orchestrator);
        await Assertions.Expect(page.Locator(".trace-legend")).ToContainTextAsync(Agent);
        await page.Locator(".span-row[data-span]", new() { HasText = "scaffolding attempt" }).First.ClickAsync();
        var details = page.GetByLabel("Span details");
        await Assertions.Expect(details).ToContainTextAsync(workflow.Id.ToString());
        await details.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Logs") }).ClickAsync();
        await Assertions.Expect(page.Locator(".log-row[data-log]").First).ToContainTextAsync("scaffolding#1");
        await page.Locator(".log-row[data-log] a").First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Span details")).ToContainTextAsync("scaffolding attempt");
    }

    private static async Task ChartAMetricAsync(IPage page)
    {
        await page.GotoAsync(new Uri(new Uri(page.Url), $"/metrics?resource={Orchestrator}").AbsoluteUri);
        await page.GetByRole(AriaRole.Link, new() { Name = "http.server.request.duration" }).ClickAsync();
        await Assertions.Expect(page.Locator("path.chart-line").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".chart-legend")).ToContainTextAsync("99 % are below");
        await page.GetByLabel("Split by").SelectOptionAsync("http.request.method");
        await Assertions.Expect(page.Locator(".chart-legend")).ToContainTextAsync("POST");
        await page.GetByRole(AriaRole.Tab, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(page.Locator(".metric-table tbody tr").First).ToBeVisibleAsync();
    }

    private static async Task StopReadAndRestartAsync(IPage page)
    {
        await page.GotoAsync(new Uri(new Uri(page.Url), "/").AbsoluteUri);
        await Row(page, Agent).ClickAsync();
        var details = page.GetByLabel($"Details of {Agent}");
        await details.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await Assertions.Expect(Row(page, Agent)).ToHaveAttributeAsync("data-standing", "stopped");
        await Assertions.Expect(details.GetByLabel("Explanation")).ToContainTextAsync("It was stopped with the command stop, given in the dashboard.");
        await Assertions.Expect(details).ToContainTextAsync("the command stop was given in the dashboard");
        await details.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await Assertions.Expect(Row(page, Agent)).ToHaveAttributeAsync("data-standing", "healthy");
        await details.GetByRole(AriaRole.Button, new() { Name = "Restart", Exact = true }).ClickAsync();
        await Assertions.Expect(Row(page, Agent)).Not.ToHaveAttributeAsync("data-standing", "healthy");
        await Assertions.Expect(Row(page, Agent)).ToHaveAttributeAsync("data-standing", "healthy");
        await Assertions.Expect(details.GetByLabel("Explanation")).ToHaveCountAsync(0);
    }

    private static ILocator Row(IPage page, string id) => page.Locator($"tr[data-id=\"{id}\"]");

    [GeneratedRegex("Login to the dashboard at (?<link>http://[^ \r\n]+)")]
    private static partial Regex LoginLink();
}
