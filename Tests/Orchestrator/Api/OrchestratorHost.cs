using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>The real orchestrator on a free port, with a database in a folder of its own.</summary>
public sealed class OrchestratorHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _keepsFolder;
    private bool _stopped;

    private OrchestratorHost(WebApplication app, string folder, bool keepsFolder)
    {
        _app = app;
        _keepsFolder = keepsFolder;
        Folder = folder;
        Address = new Uri(app.Urls.First());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public string Folder { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts one.</summary>
    /// <param name="settings">Settings as on the command line, without the hyphens: <c>Stack:AgentToken=secret</c>.</param>
    public static Task<OrchestratorHost> StartAsync(params string[] settings) => StartAsync(Directory.CreateTempSubdirectory("orchestrator-").FullName, false, settings);

    /// <summary>Starts one on a folder that is there, and leaves the folder behind.</summary>
    public static Task<OrchestratorHost> StartOnAsync(string folder, params string[] settings) => StartAsync(folder, true, settings);

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await StopAsync();
        await _app.DisposeAsync();
        if (!_keepsFolder)
        {
            Folders.Remove(Folder);
        }
    }

    /// <summary>A client with a token.</summary>
    public HttpClient ClientWith(string token)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    /// <summary>Applies a definition whose stages run one after the other, all made by an agent type that nothing else uses.</summary>
    /// <returns>The definition's name, which is also the agent type.</returns>
    public async Task<string> DefineAsync(int stages, string more = "")
    {
        var name = "t" + Guid.NewGuid().ToString("N")[..10];
        await using var agent = await TestAgent.RegisterAsync(this, name);
        var list = string.Join('\n', Enumerable.Range(1, stages).Select(n => $"  - name: s{n}\n    agent: {name}\n    workspace: false{(n > 1 ? $"\n    needs: [s{n - 1}]" : "")}{more}"));
        using var answer = await Client.PostAsync("/api/v1/definitions", new StringContent($"name: {name}\nstages:\n{list}\n", null, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return name;
    }

    public async Task<WorkflowResource> SubmitAsync(string definition, string requirements = "Do it")
    {
        using var answer = await Client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = requirements, Definition = definition }, StackJson.Options);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<WorkflowResource>(StackJson.Options))!;
    }

    public async Task<WorkflowResource> ShowAsync(WorkflowId id) => (await Client.GetFromJsonAsync<WorkflowResource>($"/api/v1/workflows/{id}", StackJson.Options))!;

    /// <summary>Waits until a workflow looks as wanted.</summary>
    public async Task<WorkflowResource> UntilAsync(WorkflowId id, Func<WorkflowResource, bool> wanted, string claim)
    {
        WorkflowResource? last = null;
        await Eventually.TrueAsync(async () => wanted(last = await ShowAsync(id)), () => $"{claim}; it is {JsonSerializer.Serialize(last, StackJson.Options)}", TimeSpan.FromSeconds(30));
        return last!;
    }

    private static async Task<OrchestratorHost> StartAsync(string folder, bool keepsFolder, string[] settings)
    {
        string[] arguments = ["--urls=http://127.0.0.1:0", $"--Stack:DataDirectory={folder}", "--Logging:LogLevel:Default=Warning", .. settings.Select(setting => "--" + setting)];
        var app = Stack.Orchestrator.Program.Create(arguments);
        await app.StartAsync();
        return new OrchestratorHost(app, folder, keepsFolder);
    }
}

/// <summary>The one orchestrator that most tests share. Tests keep apart by definitions and agent types of their own.</summary>
public sealed class OrchestratorFixture : IAsyncLifetime
{
    public OrchestratorHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await OrchestratorHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class OrchestratorCollection : ICollectionFixture<OrchestratorFixture>
{
    public const string Name = "orchestrator";
}
