using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Gateway;
using Stack.Orchestrator.Gateway.Configuration;

namespace Stack.Tests.Orchestrator.Gateway;

/// <summary>The gateway alone, on a free port, with a file of its own.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private GatewayHost(WebApplication app, string folder)
    {
        (_app, _folder) = (app, folder);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public string File => System.IO.Path.Combine(_folder, "gateway.yaml");

    public ILedgerStore Ledger => Services.GetRequiredService<ILedgerStore>();

    public static Task<GatewayHost> StartAsync(string yaml, params (string Name, string Value)[] settings) => StartAsync(yaml, _ => { }, settings);

    /// <summary>Starts one on stores of the test's own.</summary>
    public static async Task<GatewayHost> StartAsync(string yaml, Action<IServiceCollection> register, params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-").FullName;
        await System.IO.File.WriteAllTextAsync(System.IO.Path.Combine(folder, "gateway.yaml"), yaml);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))
            .Append(KeyValuePair.Create("Stack:SharedDirectory", (string?)folder)).Append(KeyValuePair.Create("Stack:Gateway:ReloadInterval", (string?)"00:00:00.05")));
        // As the orchestrator's own API writes it.
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull;
        });
        register(builder.Services);
        builder.AddGateway();
        var app = builder.Build();
        app.MapGateway();
        await app.StartAsync();
        return new GatewayHost(app, folder);
    }

    /// <summary>A file with one Ollama, its models found by itself.</summary>
    public static string OllamaFile(ScriptedProvider ollama, string provider = "", string more = "") => $$"""
        providers:
          ollama: {kind: ollama, url: "{{ollama.Address}}", retries: 0 {{provider}}}
        {{more}}
        """;

    public async Task<(int Status, JsonElement Body)> ChatAsync(string model, string text, object? more = null, params (string Name, string Value)[] headers)
    {
        var body = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        body["model"] = model;
        body["messages"] ??= JsonSerializer.SerializeToNode(new[] { new { role = "user", content = text } });
        return await PostAsync("/v1/chat/completions", body.ToJsonString(), headers);
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, null, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Puts a workflow into the store, so that its calls are journaled.</summary>
    public async Task<WorkflowId> BeginWorkflowAsync(WorkflowOrigin? origin = null)
    {
        var write = Conformance.Writes.Submit(WorkflowId.New(TimeProvider.System));
        await Services.GetRequiredService<IWorkflowStore>().CommitAsync(new CommitBatch { Workflows = [write with { State = write.State with { Origin = origin } }] }, CancellationToken.None);
        return write.State.Id;
    }

    /// <summary>Asks as an attempt at the stage <c>build</c> does.</summary>
    /// <returns>The answer, or the code of the error; and what the journal did.</returns>
    public async Task<(string? Said, string? Journal)> AskAsync(WorkflowId workflow, int attempt, string text, string model = "tiny", string? step = null, bool stream = false)
    {
        var body = JsonSerializer.Serialize(new { model, stream, messages = new[] { new { role = "user", content = text } } });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, null, "application/json") };
        request.Headers.Add("Stack-Workflow", workflow.ToString());
        request.Headers.Add("Stack-Stage", "build");
        request.Headers.Add("Stack-Attempt", $"{attempt}");
        if (step is not null)
        {
            request.Headers.Add("Stack-Step", step);
        }

        using var response = await Client.SendAsync(request);
        var journal = response.Headers.TryGetValues("Stack-Journal", out var values) ? values.Single() : null;
        if (stream)
        {
            return (await response.Content.ReadAsStringAsync(), journal);
        }

        var answer = ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
        return (response.IsSuccessStatusCode ? answer.Text() : answer.Code(), journal);
    }

    /// <summary>The body of a stream, as text, with its status.</summary>
    public async Task<string> StreamAsync(string path, string json)
    {
        using var response = await Client.PostAsync(path, new StringContent(json, null, "application/json"));
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Folders.Remove(_folder);
    }

    internal GatewayFile Configuration => Services.GetRequiredService<GatewayFile>();
}

internal static class GatewayAnswers
{
    public static string Text(this (int Status, JsonElement Body) answer) => answer.Body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    public static JsonElement Error(this (int Status, JsonElement Body) answer) => answer.Body.GetProperty("error");

    public static string? Code(this (int Status, JsonElement Body) answer) => answer.Error().GetProperty("code").GetString();

    public static string Message(this (int Status, JsonElement Body) answer) => answer.Error().GetProperty("message").GetString()!;

    public static (string Name, JsonElement Arguments) Call(this (int Status, JsonElement Body) answer)
    {
        var function = answer.Body.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function");
        return (function.GetProperty("name").GetString()!, JsonDocument.Parse(function.GetProperty("arguments").GetString()!).RootElement);
    }
}
