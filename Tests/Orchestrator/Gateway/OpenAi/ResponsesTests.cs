using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Stack.Engine;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.OpenAi;

public sealed class ResponsesTests
{
    [Fact]
    public async Task Create_StoreIsAway_EndsAsAFailureInEveryForm()
    {
        await using var ollama = await StartOllamaAsync();
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama), services => services.AddSingleton<ILedgerStore, AwayLedger>());

        foreach (var stream in new[] { false, true })
        {
            var answer = await CreateAsync(host, new { model = "tiny", input = "Hello", stream });
            Assert.Equal((503, "provider_unavailable"), (answer.Status, answer.Code()));
            Assert.Contains("its log says why", answer.Message(), StringComparison.Ordinal);
        }

        var (_, background) = await CreateAsync(host, new { model = "tiny", input = "Hello", background = true });
        var id = background.GetProperty("id").GetString();
        await Eventually.TrueAsync(
            async () => JsonDocument.Parse(await host.Client.GetStringAsync($"/v1/responses/{id}")).RootElement.GetProperty("status").GetString() == "failed", "the one in the background is over");
        Assert.Contains("event: response.failed", await host.Client.GetStringAsync($"/v1/responses/{id}?stream=true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_MoreThanIsKept_ForgetsTheOldest()
    {
        await using var ollama = await StartOllamaAsync(context: 1_000_000);
        ollama.Always("/api/chat", OllamaText("Hi.", promptTokens: 200_000));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama), ("Stack:Gateway:KeptResponsesMegabytes", "1"));
        var text = new string('x', 300_000);

        var ids = new List<string?>();
        for (var i = 0; i < 3; i++)
        {
            var (status, response) = await CreateAsync(host, new { model = "tiny", input = text });
            Assert.Equal(200, status);
            ids.Add(response.GetProperty("id").GetString());
        }

        var found = await Task.WhenAll(ids.Select(async id => (int)(await host.Client.GetAsync($"/v1/responses/{id}")).StatusCode));
        Assert.Equal([404, 404, 200], found);
    }

    private static Task<(int Status, JsonElement Body)> CreateAsync(GatewayHost host, object request) => host.PostAsync("/v1/responses", JsonSerializer.Serialize(request));

    private sealed class AwayLedger : ILedgerStore
    {
        public Task<BudgetRefusal?> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken) => throw Away();

        public Task<bool> SettleAsync(Guid id, Amount used, CancellationToken cancellationToken) => throw Away();

        public Task<int> ExpireAsync(DateTimeOffset now, CancellationToken cancellationToken) => throw Away();

        public Task<BudgetLine> LimitAsync(string key, BudgetLimits? limits, DateTimeOffset at, CancellationToken cancellationToken) => throw Away();

        public Task<bool> LimitOnceAsync(Guid id, string key, BudgetLimits named, BudgetLimits defaults, DateTimeOffset at, CancellationToken cancellationToken) => throw Away();

        public Task<IReadOnlyList<BudgetLine>> ListBudgetsAsync(string prefix, int limit, CancellationToken cancellationToken) => throw Away();

        private static StoreUnavailableException Away() => new("The database cannot be reached.");
    }
}
