using Microsoft.Playwright;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>Opens pages in headless Chromium and looks at their title and their errors.</summary>
/// <param name="chromium">The browser's program.</param>
/// <param name="address">Where the program listens.</param>
/// <param name="log">Where the outcome goes.</param>
internal sealed class BrowserProber(string chromium, Uri address, E2eLog log)
{
    private const int TimeoutMs = 30_000;

    private static readonly string[] s_programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    /// <summary>Where Chromium is on this machine: <c>PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH</c>, else on PATH. Null: it is not installed.</summary>
    public static string? FindChromium() =>
        Environment.GetEnvironmentVariable("PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH") is { Length: > 0 } path && File.Exists(path)
            ? path
            : s_programs.Select(program => ProgramPath.Find(program, "/", Environment.GetEnvironmentVariable("PATH") ?? "")).FirstOrDefault(found => found is not null);

    /// <summary>Opens pages one after the other and takes a picture of each.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="pictures">The folder for pictures, absolute.</param>
    /// <param name="environment">The browser's whole environment: it runs code of the workspace.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The pictures' file names.</returns>
    public async Task<IReadOnlyList<string>> ProbeAsync(IReadOnlyList<PageProbe> pages, string pictures, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        using var playwright = await Playwright.CreateAsync().WaitAsync(cancellationToken);
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Headless = true,
            Timeout = TimeoutMs,
            Env = environment.ToDictionary(),
            // Root has no sandbox of its own to give; the page comes from a program that this stage runs anyway.
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        }).WaitAsync(cancellationToken);
        var names = new List<string>();
        foreach (var page in pages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = $"page-{names.Count + 1}.png";
            await ProbeAsync(browser, page, Path.Combine(pictures, name));
            names.Add(name);
        }

        return names;
    }

    private async Task ProbeAsync(IBrowser browser, PageProbe probe, string picture)
    {
        string? difference;
        try
        {
            difference = await OpenAsync(browser, probe, picture);
        }
        catch (PlaywrightException exception)
        {
            difference = exception.Message.Split('\n')[0];
        }

        log.Add(new E2eStep($"page {probe.Path}", "page", difference is null, $"opens without errors{(probe.Title is null ? "" : $", title '{probe.Title}'")}", difference ?? "as expected"));
    }

    private async Task<string?> OpenAsync(IBrowser browser, PageProbe probe, string picture)
    {
        var errors = new List<string>();
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(TimeoutMs);
        page.Console += (_, message) => Collect(errors, message.Type is "error" ? message.Text : null);
        page.PageError += (_, error) => Collect(errors, error);
        var response = await page.GotoAsync(new Uri(address, probe.Path).AbsoluteUri, new PageGotoOptions { WaitUntil = WaitUntilState.NetworkIdle });
        var title = await page.TitleAsync();
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = picture, FullPage = true });
        await page.CloseAsync();
        return response is not { Ok: true } ? $"the status is {response?.Status}"
            : errors.Count > 0 ? $"errors in the console: {string.Join("; ", errors.Take(5))}"
            : probe.Title is { } wanted && title != wanted ? $"the title is '{title}'"
            : title.Length == 0 ? "there is no title"
            : null;
    }

    private static void Collect(List<string> errors, string? error)
    {
        if (error is not null)
        {
            lock (errors)
            {
                errors.Add(error);
            }
        }
    }
}
