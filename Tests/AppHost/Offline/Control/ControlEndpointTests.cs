using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Control;

public sealed class ControlEndpointTests
{
    [Fact]
    public async Task File_WhileItRuns_IsTheOwnersAndGoneAfterwards()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddSleeper("server");
        using var client = await StartAsync(application);
        var file = Path.Combine(application.Data, "run", "host.json");

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        await application.StopAsync();

        Assert.False(File.Exists(file));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/resources"));
    }

    [Fact]
    public async Task Request_WithAnotherToken_IsRefused()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddSleeper("server");
        using var client = await StartAsync(application);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "guess");

        using var answer = await client.PostAsync("/resources/server/kill", null);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        client.DefaultRequestHeaders.Authorization = null;
        using var without = await client.GetAsync("/resources");
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
    }

    [Fact]
    public async Task Resources_OfEachKind_AreDescribedWithTheirSecrets()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddShell("server", "sleep 3001 & exec sleep 3000").WithHttpEndpoint(targetPort: 18084);
        application.Builder.AddRedis("cache");
        application.Builder.AddParameter("agent-token", "secret words", secret: true);
        using var client = await StartAsync(application);

        var server = (await ResourcesAsync(client)).Single(one => one.GetProperty("name").GetString() == "server");
        Assert.Equal("executable", server.GetProperty("type").GetString());
        Assert.Equal("Running", server.GetProperty("state").GetString());
        Assert.Equal("healthy", server.GetProperty("health").GetString());
        Assert.Equal("process", server.GetProperty("materialized_as").GetString());
        Assert.Equal("http://localhost:18084", server.GetProperty("endpoints")[0].GetProperty("url").GetString());
        var instance = server.GetProperty("instances")[0];
        Assert.Equal(PidOf(application), instance.GetProperty("process_id").GetInt32());
        Assert.Equal(2, instance.GetProperty("process_ids").GetArrayLength());
        var cache = (await ResourcesAsync(client)).Single(one => one.GetProperty("name").GetString() == "cache");
        Assert.Equal(("embedded", JsonValueKind.Null), (cache.GetProperty("materialized_as").GetString(), cache.GetProperty("connection_string").ValueKind));
        Assert.Contains("secret words", await client.GetStringAsync("/parameters/agent-token"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_OfAnInstance_StartsAnother()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddSleeper("server");
        using var client = await StartAsync(application);
        var first = PidOf(application);

        await AssertStatusAsync(client, "kill", HttpStatusCode.Accepted);

        await Eventually.TrueAsync(() => PidOf(application) is > 0 and var pid && pid != first, "another process runs");
        Assert.True(ProcessTable.IsZombie(first));
    }

    [Fact]
    public async Task Pause_OfAnInstance_StandsAllItsProcessesStillUntilResume()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddShell("server", "setsid sleep 3001 & while true; do sleep 0.05; echo tick; done");
        using var client = await StartAsync(application);

        await AssertStatusAsync(client, "pause", HttpStatusCode.Accepted);
        var processes = (await ResourcesAsync(client))[0].GetProperty("instances")[0].GetProperty("process_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
        Assert.True(processes.Length >= 2);

        // The signal is sent; one that runs stands still when the kernel gets to it.
        await Eventually.TrueAsync(() => processes.All(id => File.ReadAllText($"/proc/{id}/stat").Split(") ")[1][0] == 'T'), "all processes stand still");
        var ticks = application.Log("server").Count;
        await AssertStatusAsync(client, "resume", HttpStatusCode.Accepted);

        await Eventually.TrueAsync(() => application.Log("server").Count > ticks + 2, "it goes on");
    }

    [Fact]
    public async Task Stop_AndStart_AreAllowedByTheState()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.AddSleeper("server");
        using var client = await StartAsync(application);

        await AssertStatusAsync(client, "start", HttpStatusCode.Conflict);
        await AssertStatusAsync(client, "stop", HttpStatusCode.Accepted);
        await application.States.WaitForResourceAsync("server", KnownResourceStates.Finished, TestApplication.Deadline);
        await AssertStatusAsync(client, "pause", HttpStatusCode.Conflict);
        await AssertStatusAsync(client, "start", HttpStatusCode.Accepted);
        await application.States.WaitForResourceAsync("server", KnownResourceStates.Running, TestApplication.Deadline);
        await AssertStatusAsync(client, "dance", HttpStatusCode.NotFound);
        using var unknown = await client.PostAsync("/resources/nobody/stop", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var stranger = await client.PostAsync("/resources/server/stop?instance=other", null);
        Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
    }

    private static async Task<HttpClient> StartAsync(TestApplication application)
    {
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);
        var file = Path.Combine(application.Data, "run", "host.json");
        await Eventually.TrueAsync(() => File.Exists(file), "the host says where it is controlled");
        using var host = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.Equal(Environment.ProcessId, host.RootElement.GetProperty("pid").GetInt32());
        return new HttpClient
        {
            BaseAddress = new Uri(host.RootElement.GetProperty("address").GetString()!),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", host.RootElement.GetProperty("token").GetString()) },
        };
    }

    private static async Task<IReadOnlyList<JsonElement>> ResourcesAsync(HttpClient client)
    {
        using var answer = JsonDocument.Parse(await client.GetStringAsync("/resources"));
        return [.. answer.RootElement.GetProperty("resources").EnumerateArray().Select(one => one.Clone())];
    }

    private static async Task AssertStatusAsync(HttpClient client, string action, HttpStatusCode expected)
    {
        using var answer = await client.PostAsync($"/resources/server/{action}", null);
        Assert.True(answer.StatusCode == expected, $"{action}: {answer.StatusCode}, {await answer.Content.ReadAsStringAsync()}");
    }

    private static int PidOf(TestApplication application) =>
        application.StateOf("server")?.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is int pid ? pid : 0;
}
