using System.Globalization;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.E2e;

/// <summary>Starts a program that serves HTTP, uses it, and stops it.</summary>
/// <param name="context">The attempt.</param>
/// <param name="program">The program.</param>
/// <param name="log">Where the outcome goes.</param>
internal sealed class WebTrial(AgentContext context, ProgramUnderTest program, E2eLog log)
{
    private const string Pictures = ".stack/e2e";

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs the trial.</summary>
    /// <param name="cancellationToken">Ends it, and the program.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var port = FreePort.Next();
        var address = new Uri($"http://127.0.0.1:{port}/");
        await using var child = context.Processes.Start(RequestFor(address, port));
        if (!await StartAsync(child, address, cancellationToken))
        {
            return;
        }

        var prober = new HttpProber(context.Http, address, log, context.Time);
        if (program.Probes.HealthPath is { } health)
        {
            await prober.ProbeAsync(new HttpProbe { Name = "is healthy", Path = health }, cancellationToken);
        }

        foreach (var probe in program.Probes.Http)
        {
            await prober.ProbeAsync(probe, cancellationToken);
        }

        await prober.ProbeDocumentedAsync(cancellationToken);
        await OpenPagesAsync(address, cancellationToken);
        await StopAsync(child, cancellationToken);
    }

    private ProcessRequest RequestFor(Uri address, int port) => new()
    {
        Program = program.Command[0],
        Arguments = [.. program.Command.Skip(1)],
        Directory = Directory.CreateDirectory(program.Directory).FullName,
        Timeout = TimeSpan.FromMinutes(10),
        Environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = address.AbsoluteUri.TrimEnd('/'),
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["DATA_DIRECTORY"] = Directory.CreateDirectory(Path.Combine(context.ScratchDirectory, "data")).FullName,
        },
    };

    private async Task<bool> StartAsync(ChildProcess child, Uri address, CancellationToken cancellationToken)
    {
        var started = context.Time.GetTimestamp();
        var answers = await child.WaitForPortAsync(address.Port, s_startLimit, cancellationToken);
        if (!answers)
        {
            // One that ended by itself needs a moment until its last words are here.
            await Task.WhenAny(child.Completion, Task.Delay(s_lastWords, context.Time, cancellationToken));
        }

        var actual = answers ? "as expected" : child.HasExited ? $"it ended: {(await child.Completion).Tail(10)}" : $"it does not: {child.Output}";
        log.Add(new E2eStep("the program starts", "start", answers, $"it listens within {s_startLimit.TotalSeconds:0} s", actual) { DurationMs = (long)context.Time.GetElapsedTime(started).TotalMilliseconds });
        return answers;
    }

    private async Task OpenPagesAsync(Uri address, CancellationToken cancellationToken)
    {
        var pages = program.Probes.Pages.Count > 0 ? program.Probes.Pages : await FindPagesAsync(address, cancellationToken);
        if (pages.Count == 0)
        {
            return;
        }

        if (BrowserProber.FindChromium() is not { } chromium)
        {
            log.Notes.Add("Chromium is not installed on the agent's machine; the pages were not opened in a browser. On Debian: apt-get install chromium.");
            return;
        }

        var folder = context.Workspace.PathOf(Pictures);
        Directory.CreateDirectory(folder);
        context.Report(80, "opening the pages in Chromium");
        try
        {
            var names = await new BrowserProber(chromium, address, log).ProbeAsync(pages, folder, BrowserEnvironment(), cancellationToken);
            foreach (var (page, name) in pages.Zip(names).Where(pair => File.Exists(Path.Combine(folder, pair.Second))))
            {
                await context.AddArtifactAsync($"Screenshot of {page.Path}", $"{Pictures}/{name}", "image/png", cancellationToken);
            }
        }
        catch (Microsoft.Playwright.PlaywrightException exception)
        {
            log.Add(new E2eStep("the pages open", "page", Passed: false, "Chromium opens them", exception.Message));
        }
    }

    private async Task<IReadOnlyList<PageProbe>> FindPagesAsync(Uri address, CancellationToken cancellationToken)
    {
        using var response = await context.Http.GetAsync(address, cancellationToken);
        return response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType is "text/html" ? [new PageProbe { Path = "/" }] : [];
    }

    private Dictionary<string, string> BrowserEnvironment() => new(StringComparer.Ordinal)
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        ["HOME"] = Directory.CreateDirectory(Path.Combine(context.ScratchDirectory, "browser")).FullName,
        ["TMPDIR"] = context.ScratchDirectory,
        ["LANG"] = "C.UTF-8",
        // By this mark the runtime finds the browser when it has to end what an attempt left.
        [ProcessGroup.OwnerVariable] = context.Processes.Owner,
    };

    private async Task StopAsync(ChildProcess child, CancellationToken cancellationToken)
    {
        var died = child.HasExited;
        var result = await child.StopAsync(s_stopLimit, cancellationToken);
        log.Add(new E2eStep("the program survives", "start", !died, "it runs until it is stopped", died ? $"it ended with exit code {result.ExitCode}: {result.Tail(10)}" : "as expected"));
    }
}
