using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Dashboard;

/// <summary>A browser without a window: follows no redirects and keeps cookies.</summary>
internal sealed class DashboardClient : IDisposable
{
    private readonly HttpClientHandler handler = new() { AllowAutoRedirect = false, UseProxy = false };

    private DashboardClient(DashboardServer server)
    {
        Login = new Uri(server.LoginLink!);
        Http = new HttpClient(handler) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public HttpClient Http { get; }

    public Uri Login { get; }

    public string Token => Login.Query["?t=".Length..];

    /// <summary>Waits until the dashboard of an application is served; not logged in yet.</summary>
    public static async Task<DashboardClient> OpenAsync(TestApplication application)
    {
        var server = application.Application.Services.GetRequiredService<DashboardServer>();
        await Eventually.TrueAsync(() => server.LoginLink is not null, "the dashboard is served", TimeSpan.FromSeconds(20));
        return new DashboardClient(server);
    }

    /// <summary>The same, logged in by the link, and known as a page of the dashboard itself.</summary>
    public static async Task<DashboardClient> LoggedInAsync(TestApplication application)
    {
        var client = await OpenAsync(application);
        using var answer = await client.Http.GetAsync(client.Login);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        client.Http.DefaultRequestHeaders.Add("Origin", client.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        return client;
    }

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(path);

    public async Task<JsonElement> ResourceAsync(string id) =>
        (await GetAsync("/api/resources")).GetProperty("resources").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);

    /// <summary>The events of a stream until one satisfies the condition.</summary>
    public async Task<JsonElement> EventAsync(string path, string name, Func<JsonElement, bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var response = await Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline.Token));
        var current = "";
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                current = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && current == name)
            {
                var content = JsonSerializer.Deserialize<JsonElement>(line["data: ".Length..]);
                if (condition(content))
                {
                    return content;
                }
            }
        }
        throw new InvalidOperationException($"{path} ended without the event {name} that was waited for.");
    }

    public void Dispose()
    {
        Http.Dispose();
        handler.Dispose();
    }
}
