using Stack.Agents;
using Stack.Agents.Runtime;
using Stack.ServiceDefaults;

var builder = WebApplication.CreateSlimBuilder(ServiceArguments.With(args));
builder.Configuration.AddCommandLine(args, new Dictionary<string, string> { ["--type"] = "Agent:Type" });
if (AgentCatalog.Find(builder.Configuration["Agent:Type"]) is not { } type)
{
    await Console.Error.WriteLineAsync(AgentCatalog.Refusal(builder.Configuration["Agent:Type"]));
    return 64;
}

builder.AddServiceDefaults();
builder.AddAgent(type);
builder.WebHost.UseFreePortByDefault(builder.Configuration);

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return Environment.ExitCode;
