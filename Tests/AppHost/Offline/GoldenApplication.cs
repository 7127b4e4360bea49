using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Stack.Tests.Architecture;

namespace Stack.Tests.AppHost.Offline;

/// <summary>The application of which Aspire's own answers are known: the usual calls of an AppHost.cs, with the addresses that the known answers have.</summary>
internal static class GoldenApplication
{
    /// <summary>Where what Aspire wrote for it is.</summary>
    public static string Folder { get; } = Path.Combine(SourceTree.Current.Root, "Tests", "AppHost", "Golden");

    /// <summary>Where the application's projects would be; Aspire wrote its files two folders beside.</summary>
    public static string Projects { get; } = Path.Combine(Path.GetTempPath(), "golden", "real", "sample");

    /// <summary>The application as it runs, on addresses that are known.</summary>
    public static IDistributedApplicationBuilder Describe(string data)
    {
        var builder = Describe(
            "--environment", "Development", "--data", data,
            "--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://localhost:19000", "--AppHost:OtlpApiKey", "key",
            "--Parameters:pg-password", "P@ss w0rd", "--Parameters:api-key", "APIKEY", "--Parameters:cache-password", "CPW", "--Parameters:messaging-password", "M/PW",
            "--ConnectionStrings:external", "EXT");
        Allocate(builder);
        return builder;
    }

    /// <summary>The application with the options of a command line.</summary>
    public static IDistributedApplicationBuilder Describe(params string[] arguments)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = arguments, ProjectDirectory = Path.Combine(Projects, "AppHost") });
        // The golden files are of a project AppHost.csproj; these go into the names of volumes.
        builder.Environment.ApplicationName = "AppHost";
        builder.Configuration["AppHost:Sha256"] = Convert.ToHexString(SHA256.HashData("AppHost.csproj"u8));
        var pgPassword = builder.AddParameter("pg-password", secret: true);
        var apiKey = builder.AddParameter("api-key", secret: true);
        var model = builder.AddParameter("model", "llama3.2");

        switch (builder.Configuration["target"])
        {
            case "compose": builder.AddDockerComposeEnvironment("compose"); break;
            case "k8s": builder.AddKubernetesEnvironment("k8s"); break;
        }

        var postgres = builder.AddPostgres("postgres", password: pgPassword).WithDataVolume().WithLifetime(ContainerLifetime.Persistent);
        var db = postgres.AddDatabase("appdb");
        var redis = builder.AddRedis("cache").WithDataVolume();
        var rabbit = builder.AddRabbitMQ("messaging").WithManagementPlugin();
        var ollama = builder.AddContainer("ollama", "ollama/ollama", "latest")
            .WithHttpEndpoint(targetPort: 11434, name: "http")
            .WithVolume("ollama-data", "/root/.ollama")
            .WithHttpHealthCheck("/api/version")
            .WithLifetime(ContainerLifetime.Persistent);

        if (builder.Configuration["target"] != "k8s")
        {
            ollama.WithBindMount("./models", "/models", isReadOnly: true);
        }

        var migrations = builder.AddProject<MyApp_Migrations>("migrations")
            .WithReference(db).WaitFor(db);

        var orchestrator = builder.AddProject<MyApp_Orchestrator>("orchestrator")
            .WithReference(db).WithReference(redis).WithReference(rabbit)
            .WaitFor(db).WaitFor(redis).WaitFor(rabbit)
            .WaitForCompletion(migrations)
            .WithEnvironment("Ollama__Endpoint", ollama.GetEndpoint("http"))
            .WithEnvironment("Ollama__Model", model)
            .WithEnvironment("ApiKey", apiKey)
            .WithHttpHealthCheck("/health")
            .WithExternalHttpEndpoints()
            .WithUrlForEndpoint("http", u => u.DisplayText = "API")
            .WithUrl("https://example.com", "Docs");

        var agents = builder.AddProject<MyApp_Agents>("agents")
            .WithReference(orchestrator).WithReference(rabbit)
            .WaitFor(orchestrator).WaitForStart(redis)
            .WithReplicas(3)
            .WithParentRelationship(orchestrator)
            .WithArgs("--role", "worker")
            .WithHttpHealthCheck("/health", endpointName: "http");

        builder.AddExecutable("tool", "bash", ".", "-c", "echo hi").WithExplicitStart()
            .WithCommand("say", "Say", ctx => Task.FromResult(CommandResults.Success()));
        var ext = builder.AddConnectionString("external");
        agents.WithReference(ext);

        if (builder.ExecutionContext.IsPublishMode)
        {
            orchestrator.WithEnvironment("MODE", "publish");
        }

        return builder;
    }

    private static void Allocate(IDistributedApplicationBuilder builder)
    {
        var ports = new Dictionary<(string Resource, string Endpoint), int>
        {
            [("postgres", "tcp")] = 40000,
            [("cache", "tcp")] = 40001,
            [("messaging", "tcp")] = 40002,
            [("messaging", "management")] = 40003,
            [("ollama", "http")] = 40004,
            [("orchestrator", "http")] = 5100,
            [("agents", "http")] = 5101,
        };
        foreach (var resource in builder.Resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                endpoint.AllocatedEndpoint = new(endpoint, "localhost", ports[(resource.Name, endpoint.Name)]);
            }
        }
    }

    private static LaunchSettings Launch(string url) => new()
    {
        Profiles =
        {
            ["http"] = new()
            {
                CommandName = "Project",
                ApplicationUrl = url,
                EnvironmentVariables = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
            },
        },
    };

    private sealed class MyApp_Migrations : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Projects, "MyApp.Migrations", "MyApp.Migrations.csproj");
    }

    private sealed class MyApp_Orchestrator : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Projects, "MyApp.Orchestrator", "MyApp.Orchestrator.csproj");

        public LaunchSettings LaunchSettings => Launch("http://localhost:5100");
    }

    private sealed class MyApp_Agents : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Projects, "MyApp.Agents", "MyApp.Agents.csproj");

        public LaunchSettings LaunchSettings => Launch("http://localhost:5101");
    }
}
