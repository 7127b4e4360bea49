using Microsoft.Extensions.Configuration;
using Stack.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

var port = builder.Configuration.GetValue("orchestrator-port", 3000);
var data = Path.GetFullPath(builder.Configuration["data"] ?? Path.Combine(builder.AppHostDirectory, "..", ".stack"));

// Agents prove with it that they belong to this installation.
var agentToken = builder.AddParameter("agent-token", new GenerateParameterDefault { MinLength = 40, Special = false }, secret: true, persist: true);

var stackdb = builder.AddPostgres("postgres").WithDataVolume().AddDatabase("stackdb");
var redis = builder.AddRedis("redis").WithDataVolume();
var rabbitmq = builder.AddRabbitMQ("rabbitmq").WithDataVolume().WithManagementPlugin();
var ollama = builder.AddOllama("ollama");

var orchestrator = builder.AddProject<Projects.Orchestrator>("orchestrator", launchProfileName: null)
    .WithHttpEndpoint(port: port)
    .WithReference(stackdb).WaitFor(stackdb)
    .WithReference(redis).WaitFor(redis)
    .WithReference(rabbitmq).WaitFor(rabbitmq)
    .WithReference(ollama).WaitForStart(ollama)
    .WithData(Path.Combine(data, "orchestrator"), shared: true)
    .WithEnvironment("Stack__AgentToken", agentToken)
    .WithApiKey()
    .WithHttpHealthCheck("/health/ready")
    .WithExternalHttpEndpoints();

foreach (var type in new[] { "scaffold", "validation", "e2e", "integration", "deployment", "loop" })
{
    builder.AddProject<Projects.Agents>($"{type}-agent", launchProfileName: null)
        .WithArgs("--type", type)
        .WithHttpEndpoint()
        .WithReference(orchestrator).WaitFor(orchestrator)
        .WithReference(redis)
        .WithReference(rabbitmq)
        .WithData(Path.Combine(data, "agents", $"{type}-agent"))
        .WithEnvironment("Stack__AgentToken", agentToken)
        .WithHttpHealthCheck("/health/ready");
}

// They work for drills only, and cost nothing until one starts them.
builder.AddProject<Projects.Agents>("canary-agent", launchProfileName: null)
    .WithArgs("--type", "canary")
    .WithReplicas(2)
    .WithExplicitStart()
    .WithReference(orchestrator).WaitFor(orchestrator)
    .WithReference(redis)
    .WithReference(rabbitmq)
    .WithData(Path.Combine(data, "agents", "canary-agent"))
    .WithEnvironment("Stack__AgentToken", agentToken);

builder.AddDeploymentTarget();
builder.Build().Run();
