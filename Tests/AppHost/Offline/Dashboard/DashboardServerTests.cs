using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Stack.Tests.AppHost.Offline.Dashboard;

public sealed class DashboardServerTests
{
    private static readonly string[] On = ["--dashboard", "on", "--dashboard-port", "0", "--infrastructure", "embedded"];

    [Fact]
    public async Task Request_WithoutLogin_GetsNothing()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.OpenAsync(application);

        using var page = await client.Http.GetAsync("/traces?resource=a");
        using var api = await client.Http.GetAsync("/api/resources");
        using var stream = await client.Http.GetAsync("/api/resources/live");
        using var download = await client.Http.GetAsync("/api/console/server/download");
        using var script = await client.Http.GetAsync("/assets/js/main.js");

        Assert.Equal("/login?returnUrl=%2Ftraces%3Fresource%3Da", page.Headers.Location!.ToString());
        Assert.All([api, stream, download], answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode));
        Assert.Equal("application/problem+json", api.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
    }

    [Fact]
    public async Task Link_WithTheToken_LogsIn()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.OpenAsync(application);

        using var entered = await client.Http.GetAsync(client.Login);

        Assert.Equal("/", entered.Headers.Location!.ToString());
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(client.Token, client.Login.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(client.Token, cookie, StringComparison.Ordinal);
        Assert.Equal("server", (await client.ResourceAsync("server")).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Form_WithAnotherToken_SaysSoAndEscapesWhatItRepeats()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.OpenAsync(application);

        using var refused = await client.Http.SendAsync(Form(client, new() { ["token"] = "guess", ["returnUrl"] = "/\"><script>alert(1)</script>" }));
        var page = await refused.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("This token is not the one of this run.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.False(refused.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("/consolelogs/server?search=x", "/consolelogs/server?search=x")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("", "/")]
    public async Task Form_WithTheToken_LeadsToPagesOfTheDashboardOnly(string wanted, string location)
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.OpenAsync(application);

        using var entered = await client.Http.SendAsync(Form(client, new() { ["token"] = $" {client.Token} ", ["returnUrl"] = wanted }));

        Assert.Equal(HttpStatusCode.Redirect, entered.StatusCode);
        Assert.Equal(location, entered.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example:80")]
    [InlineData("192.168.0.7")]
    public async Task Host_Foreign_IsRefused(string host)
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.LoggedInAsync(application);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/resources");
        request.Headers.Host = host;

        using var answer = await client.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("foreign-host", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("http://localhost:1")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Command_OfAForeignPage_IsRefusedThoughTheCookieIsThere(string origin)
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.LoggedInAsync(application);
        client.Http.DefaultRequestHeaders.Remove("Origin");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/resources/server/commands/stop");
        if (origin.Length > 0)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await client.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal(KnownResourceStates.Running, application.StateOf("server")!.State!.Text);
    }

    [Fact]
    public async Task Page_Always_AllowsNothingFromElsewhere()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.LoggedInAsync(application);

        foreach (var path in new[] { "/", "/login", "/traces/abc", "/assets/js/main.js", "/api/resources" })
        {
            using var answer = await client.Http.GetAsync(path);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        }
    }

    [Fact]
    public async Task Asset_Unchanged_IsNotSentAgainAndNoPathLeadsOut()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.LoggedInAsync(application);
        using var first = await client.Http.GetAsync("/assets/js/main.js");
        client.Http.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await client.Http.GetAsync("/assets/js/main.js");
        using var outside = await client.Http.GetAsync("/assets/..%2f..%2fsecrets.json");
        using var unknown = await client.Http.GetAsync("/assets/js/none.js");

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, outside.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Login_AfterARestartOfTheHost_Stays()
    {
        using var directory = new TemporaryDirectory();
        string cookie;
        await using (var first = await StartedAsync(new TestApplication(directory, On)))
        {
            using var client = await DashboardClient.OpenAsync(first);
            using var entered = await client.Http.GetAsync(client.Login);
            cookie = entered.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        }

        await using var second = await StartedAsync(new TestApplication(directory, On));
        using var later = await DashboardClient.OpenAsync(second);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        request.Headers.Add("Cookie", cookie);
        using var answer = await later.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Port_Taken_AnotherIsUsedAndSaid()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var application = new TestApplication("--dashboard", "on", "--dashboard-port", $"{port}", "--infrastructure", "embedded");
        await StartedAsync(application);
        using var client = await DashboardClient.OpenAsync(application);

        Assert.NotEqual(port, client.Http.BaseAddress!.Port);
        await application.DisposeAsync();

        Assert.Contains($"Port {port} of the dashboard is taken by process {Environment.ProcessId}", application.Terminal(), StringComparison.Ordinal);
        Assert.Contains("Login to the dashboard at http://localhost:", application.Terminal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsecured_AsAspireAllows_NeedsNoLogin()
    {
        var application = new TestApplication([.. On, "--ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS", "true"]);
        await using var started = await StartedAsync(application);
        using var client = await DashboardClient.OpenAsync(application);

        using var answer = await client.Http.GetAsync("/api/resources");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Token_AsBearer_LetsProgramsIn()
    {
        await using var application = await StartedAsync(On);
        using var client = await DashboardClient.OpenAsync(application);
        client.Http.DefaultRequestHeaders.Authorization = new("Bearer", client.Token);

        using var answer = await client.Http.PostAsync("/api/resources/server/commands/restart", null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static HttpRequestMessage Form(DashboardClient client, Dictionary<string, string> fields) => new(HttpMethod.Post, "/login")
    {
        Content = new FormUrlEncodedContent(fields),
        Headers = { { "Origin", client.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) } },
    };

    private static Task<TestApplication> StartedAsync(string[] arguments) => StartedAsync(new TestApplication(arguments));

    private static async Task<TestApplication> StartedAsync(TestApplication application)
    {
        application.AddSleeper("server");
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);
        return application;
    }
}
