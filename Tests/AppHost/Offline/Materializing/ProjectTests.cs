using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Stack.Tests.ServiceDefaults;

namespace Stack.Tests.AppHost.Offline.Materializing;

public sealed class ProjectTests
{
    [Fact]
    public async Task Project_WithAnHttpEndpoint_IsHealthyAtItsUrlAndFoundByItsDependents()
    {
        await using var application = new TestApplication();
        var web = application.Builder.AddProject<WebProject>("web", launchProfileName: null)
            .WithArgs(WebProgram.Name, "ASPNETCORE_URLS", "DOTNET_gc").WithHttpEndpoint().WithHttpHealthCheck("/health/ready");
        application.Builder.AddProject<WebProject>("client", launchProfileName: null)
            .WithArgs(WebProgram.Name, "services__", "WEB_").WithHttpEndpoint().WithHttpHealthCheck("/health/ready").WithReference(web).WaitFor(web);

        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("client", TestApplication.Deadline);

        var url = web.GetEndpoint("http").Url;
        Assert.Contains($"ASPNETCORE_URLS={url}", application.Log("web"));
        Assert.Contains("DOTNET_gcServer=0", application.Log("web"));
        Assert.Contains($"services__web__http__0={url}", application.Log("client"));
        Assert.Contains($"WEB_HTTP={url}", application.Log("client"));
        Assert.Equal(url, application.StateOf("web")!.Urls.Single().Url);
        using var client = new HttpClient();
        using var answer = await client.GetAsync($"{url}/health/ready", TestApplication.Deadline);
        Assert.True(answer.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Replicas_OfAProject_RunOnPortsOfTheirOwn()
    {
        await using var application = new TestApplication();
        var web = application.Builder.AddProject<WebProject>("web", launchProfileName: null).WithArgs(WebProgram.Name, "ASPNETCORE_URLS").WithHttpEndpoint().WithReplicas(2);

        await application.StartAsync();
        var ids = web.Resource.InstanceIds();
        await Eventually.TrueAsync(() => ids.All(id => application.Log(id).Any(line => line.Contains("Now listening on", StringComparison.Ordinal))), "both listen");

        Assert.Equal(2, ids.Select(id => application.Log(id).First(line => line.StartsWith("ASPNETCORE_URLS", StringComparison.Ordinal))).Distinct().Count());
        Assert.Contains($"ASPNETCORE_URLS={web.GetEndpoint("http").Url}", application.Log(ids[0]));
    }

    [Fact]
    public async Task Project_NotBuilt_NamesTheFileAndTheCommandThatBuildsIt()
    {
        await using var application = new TestApplication();
        application.Builder.AddProject<MissingProject>("missing", launchProfileName: null);

        await application.StartAsync();
        await application.States.WaitForResourceAsync("missing", KnownResourceStates.FailedToStart, TestApplication.Deadline);

        Assert.Contains("'missing' is not built: /nowhere/Missing.dll does not exist. Build it with: dotnet build /nowhere/Missing.csproj", application.Log("missing"));
    }

    [Fact]
    public void Projects_OfTheAppHost_AreKnownWithTheirAssemblies()
    {
        IBuiltProjectMetadata[] projects = [new Projects.Orchestrator(), new Projects.Agents()];

        Assert.All(projects, project => Assert.True(File.Exists(project.ProjectPath), project.ProjectPath));
        Assert.Equal(["Stack.Orchestrator.dll", "Stack.Agents.dll"], projects.Select(project => Path.GetFileName(project.TargetPath)));
    }

    private sealed class WebProject : IBuiltProjectMetadata
    {
        public string ProjectPath => Path.Combine(AppContext.BaseDirectory, "Tests.csproj");

        public string TargetPath => typeof(WebProject).Assembly.Location;
    }

    private sealed class MissingProject : IBuiltProjectMetadata
    {
        public string ProjectPath => "/nowhere/Missing.csproj";

        public string TargetPath => "/nowhere/Missing.dll";
    }
}
