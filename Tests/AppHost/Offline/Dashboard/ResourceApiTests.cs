using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Stack.Tests.AppHost.Offline.Dashboard;

public sealed class ResourceApiTests
{
    private static readonly string[] On = ["--dashboard", "on", "--dashboard-port", "0", "--infrastructure", "embedded"];

    [Fact]
    public async Task Secret_OfTheEnvironment_IsToldOnlyWhenThatOneIsAskedFor()
    {
        await using var application = new TestApplication(On);
        var secret = application.Builder.AddParameter("pin", "very secret words", secret: true);
        application.AddSleeper("server").WithEnvironment("PIN", secret).WithEnvironment("API_TOKEN", "plain but named so").WithEnvironment("STORE", "amqp://me:hush@localhost").WithEnvironment("COLOR", "blue");
        using var client = await StartAsync(application);

        var text = (await client.GetAsync("/api/resources/server")).ToString();
        var list = (await client.GetAsync("/api/resources")).ToString();

        Assert.All(["very secret words", "plain but named so", "hush"], value => Assert.DoesNotContain(value, text + list, StringComparison.Ordinal));
        Assert.Contains("blue", text, StringComparison.Ordinal);
        Assert.Equal("very secret words", await RevealAsync(client, "server", "environment", "PIN"));
        Assert.Equal("very secret words", await RevealAsync(client, "pin", "property", "Value"));
        using var unknown = await client.Http.PostAsJsonAsync("/api/resources/server/reveal", new { kind = "environment", name = "NONE" });
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Command_StopAndStart_IsDoneAndExplained()
    {
        await using var application = new TestApplication(On);
        application.AddSleeper("server");
        using var client = await StartAsync(application);
        await application.States.WaitForResourceHealthyAsync("server", TestApplication.Deadline);

        using var stopped = await client.Http.PostAsync("/api/resources/server/commands/stop", null);
        Assert.True((await stopped.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("success").GetBoolean());
        var told = await client.EventAsync("/api/resources/live", "resources", content => Changed(content, "server") is { } one && one.GetProperty("state").GetString() == "Finished");

        var explanation = Changed(told, "server")!.Value.GetProperty("explanation");
        Assert.StartsWith("It was stopped with the command stop, given in the dashboard.", explanation.GetProperty("headline").GetString(), StringComparison.Ordinal);
        Assert.Equal("notice", explanation.GetProperty("severity").GetString());
        using var started = await client.Http.PostAsync("/api/resources/server/commands/start", null);
        var running = await client.EventAsync("/api/resources/live", "resources", content => Changed(content, "server") is { } one && one.GetProperty("health").GetString() == "healthy");
        Assert.Equal(JsonValueKind.Null, Changed(running, "server")!.Value.GetProperty("explanation").ValueKind);
    }

    [Fact]
    public async Task Command_OfTheApplication_IsOfferedWithItsQuestionAndTellsItsOutcome()
    {
        await using var application = new TestApplication(On);
        application.AddSleeper("server")
            .WithCommand("seed", "Seed data", _ => Task.FromResult(CommandResults.Success("12 rows")), new CommandOptions { ConfirmationMessage = "Really?", IsHighlighted = true })
            .WithCommand("break", "Break", _ => throw new InvalidOperationException("it broke"))
            .WithCommand("later", "Later", _ => Task.FromResult(CommandResults.Success()), new CommandOptions { UpdateState = _ => ResourceCommandState.Disabled });
        using var client = await StartAsync(application);

        var commands = (await client.ResourceAsync("server")).GetProperty("commands").EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!);
        using var seeded = await client.Http.PostAsync("/api/resources/server/commands/seed", null);
        using var broken = await client.Http.PostAsync("/api/resources/server/commands/break", null);

        Assert.Equal("Really?", commands["seed"].GetProperty("confirmation").GetString());
        Assert.True(commands["seed"].GetProperty("is_highlighted").GetBoolean());
        Assert.False(commands["later"].GetProperty("is_enabled").GetBoolean());
        Assert.Equal("12 rows", (await seeded.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message").GetString());
        Assert.Equal("it broke", (await broken.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message").GetString());
    }

    [Fact]
    public async Task Parameter_WithoutAValue_IsGivenOneByItsCommand()
    {
        await using var application = new TestApplication(On);
        application.Builder.AddParameter("pin", secret: true);
        using var client = await StartAsync(application);
        await application.States.WaitForResourceAsync("pin", KnownResourceStates.ValueMissing, TestApplication.Deadline);

        var missing = await client.ResourceAsync("pin");
        using var answer = await client.Http.PostAsJsonAsync("/api/resources/pin/commands/set-parameter", new { arguments = new { value = "1234" } });

        Assert.Equal("error", missing.GetProperty("explanation").GetProperty("severity").GetString());
        var input = Assert.Single(missing.GetProperty("commands").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "set-parameter").GetProperty("inputs").EnumerateArray());
        Assert.True(input.GetProperty("is_secret").GetBoolean());
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(said.GetProperty("success").GetBoolean(), said.ToString());
        Assert.Equal("1234", await RevealAsync(client, "pin", "property", "Value"));
    }

    [Fact]
    public async Task List_OfAHundredResources_IsToldInOneEventAndQuickly()
    {
        await using var application = new TestApplication(On);
        for (var number = 0; number < 100; number++)
        {
            application.AddSleeper($"service-{number}").WithExplicitStart();
        }
        using var client = await StartAsync(application);
        var began = Stopwatch.GetTimestamp();

        var first = await client.EventAsync("/api/resources/live", "resources", content => content.GetProperty("all").GetArrayLength() == 100);

        Assert.Equal(100, first.GetProperty("changed").GetArrayLength());
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), $"took {Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task Detail_OfAResource_SaysWhoWaitsForItAndHowItCameHere()
    {
        await using var application = new TestApplication(On);
        var first = application.AddSleeper("first");
        application.AddSleeper("second").WaitFor(first);
        using var client = await StartAsync(application);
        await application.States.WaitForResourceHealthyAsync("second", TestApplication.Deadline);

        var detail = await client.GetAsync("/api/resources/first");
        var second = await client.GetAsync("/api/resources/second");

        Assert.Contains(detail.GetProperty("referenced_by").EnumerateArray(), one => one.GetProperty("name").GetString() == "second" && one.GetProperty("type").GetString() == "WaitFor");
        Assert.Equal("healthy", second.GetProperty("waits")[0].GetProperty("health").GetString());
        var states = second.GetProperty("history").EnumerateArray().Select(one => one.GetProperty("state").GetString()).ToArray();
        Assert.Equal(["Starting", "Running"], states.Where(state => state is "Starting" or "Running").TakeLast(2));
        using var unknown = await client.Http.GetAsync("/api/resources/third");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static JsonElement? Changed(JsonElement content, string id) =>
        content.GetProperty("changed").EnumerateArray().Where(one => one.GetProperty("id").GetString() == id).Select(one => (JsonElement?)one).FirstOrDefault();

    private static async Task<string?> RevealAsync(DashboardClient client, string id, string kind, string name)
    {
        using var answer = await client.Http.PostAsJsonAsync($"/api/resources/{id}/reveal", new { kind, name });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("value").GetString();
    }

    private static async Task<DashboardClient> StartAsync(TestApplication application)
    {
        await application.StartAsync();
        foreach (var resource in application.Builder.Resources.Where(resource => resource is ExecutableResource && !resource.HasAnnotationOfType<ExplicitStartupAnnotation>() && !resource.HasAnnotationOfType<WaitAnnotation>()))
        {
            await application.States.WaitForResourceAsync(resource.Name, KnownResourceStates.Running, TestApplication.Deadline);
        }
        return await DashboardClient.LoggedInAsync(application);
    }
}
