using Microsoft.Extensions.DependencyInjection;
using Stack.Tests.Orchestrator.Engine;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Routing;

public sealed class ActiveProviderTests
{
    [Fact]
    public async Task Models_ServerDidNotAnswer_IsNotAskedAgainUntilItsModelsChange()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/tags", Json("""{"error":"busy"}""", 500)).Always("/api/chat", OllamaText("Hi.")).Always("/api/pull", Lines(["""{"status":"success"}"""]));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        for (var i = 0; i < 3; i++)
        {
            var answer = await host.ChatAsync("tiny", "Hello");
            Assert.Equal((503, "provider_unavailable"), (answer.Status, answer.Code()));
            Assert.Contains("who may have it does not answer", answer.Message(), StringComparison.Ordinal);
            Assert.Contains("answered 500: busy", answer.Message(), StringComparison.Ordinal);
        }

        Assert.Single(ollama.Asked, request => request.Path == "/api/tags");
        Assert.Equal(200, (await host.PostAsync("/api/pull", """{"model":"tiny","stream":false}""")).Status);
        Assert.Equal("Hi.", (await host.ChatAsync("tiny", "Hello")).Text());
    }

    [Fact]
    public async Task Ability_ServerDoesNotSay_IsNotAskedAgainForEachCall()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/show", Json("""{"error":"busy"}""", 500)).Always("/api/chat", OllamaText("Hi."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("Hi.", (await host.ChatAsync("tiny", "Hello")).Text());
        }

        Assert.Single(ollama.Asked, request => request.Path == "/api/show");
    }

    [Fact]
    public async Task Models_WhileTheServerIsLeftAlone_AreThoseThatItHad()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/chat", Json("""{"error":"out of memory"}""", 500));
        var clock = new ManualTimeProvider();
        var yaml = GatewayHost.OllamaFile(ollama, ", failures: 1, cool_down: 60s", "aliases: {home: [ollama/*]}");
        await using var host = await GatewayHost.StartAsync(yaml, services => services.AddSingleton<TimeProvider>(clock));
        Assert.Equal("provider_unavailable", (await host.ChatAsync("tiny", "Hello")).Code());
        var asked = ollama.Asked.Count;
        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("provider_resting", (await host.ChatAsync("tiny", "Hello")).Code());
        Assert.Equal("provider_resting", (await host.ChatAsync("home", "Hello")).Code());
        Assert.Equal(asked, ollama.Asked.Count);
    }
}
