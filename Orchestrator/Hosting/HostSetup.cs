using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Orchestrator.Api;

namespace Stack.Orchestrator.Hosting;

/// <summary>The host around the slices: addresses, limits, JSON, shutdown.</summary>
internal static class HostSetup
{
    public static void AddHost(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<OrchestratorOptions>().Configure<IConfiguration>((options, configuration) => options.Read(configuration)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<OrchestratorOptions>>(new Refusals<OrchestratorOptions>(OrchestratorOptions.Refusals));
        builder.Services.AddSingleton<IPostConfigureOptions<Engine.EngineOptions>, NodeName>();
        builder.Services.AddSingleton<DirectoryOwner>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DirectoryOwner>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(4));
        builder.Services.ConfigureHttpJsonOptions(Adopt);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        UseAddresses(builder);
        UseDataDirectory(builder.Configuration);
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<OrchestratorOptions>>().Value;
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
    }

    /// <summary>Makes the data directory and the shared one, readable by their owner only.</summary>
    public static void PrepareDataDirectory(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<OrchestratorOptions>>().Value;
        Prepare(options.DataDirectory, nameof(options.DataDirectory));
        Prepare(options.SharedDirectory, nameof(options.SharedDirectory));
    }

    private static void Prepare(string path, string setting)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The folder '{path}' cannot be made: {failure.Message} Set {OrchestratorOptions.Section}:{setting} to a folder that can be written.");
        }
    }

    /// <summary>Every slice reads the same, absolute, folder, also where nothing was said.</summary>
    private static void UseDataDirectory(ConfigurationManager configuration)
    {
        const string setting = OrchestratorOptions.Section + ":" + nameof(OrchestratorOptions.DataDirectory);
        configuration[setting] = Path.GetFullPath(configuration[setting] is { Length: > 0 } given ? given : new OrchestratorOptions().DataDirectory);
    }

    private static void UseAddresses(WebApplicationBuilder builder)
    {
        if (builder.Configuration["ORCHESTRATOR_PORT"] is { Length: > 0 } port && string.IsNullOrEmpty(builder.Configuration["urls"]))
        {
            builder.Configuration["urls"] = $"http://localhost:{port}";
        }

        var addresses = ListenAddresses.Of(builder.Configuration);
        var open = addresses.FirstOrDefault(address => !ListenAddresses.IsLoopback(address));
        if (open is not null && !builder.Configuration.GetSection(OrchestratorOptions.Section + ":ApiKeys").GetChildren().Any())
        {
            throw new StartRefusedException(
                $"The address {open} is reachable from other machines, and no API key is configured. Set {OrchestratorOptions.Section}:ApiKeys:NAME to a key "
                + $"(for example the environment variable {OrchestratorOptions.Section}__ApiKeys__admin), or listen on {ListenAddresses.Default}.");
        }

        if (addresses is [ListenAddresses.Default] && string.IsNullOrEmpty(builder.Configuration["urls"]))
        {
            builder.Configuration["urls"] = ListenAddresses.Default;
        }
    }

    private static void Adopt(JsonOptions options)
    {
        var target = options.SerializerOptions;
        var source = StackJson.Options;
        target.PropertyNamingPolicy = source.PropertyNamingPolicy;
        target.PropertyNameCaseInsensitive = source.PropertyNameCaseInsensitive;
        target.DefaultIgnoreCondition = source.DefaultIgnoreCondition;
        target.AllowOutOfOrderMetadataProperties = source.AllowOutOfOrderMetadataProperties;
        target.RespectNullableAnnotations = source.RespectNullableAnnotations;
        target.NumberHandling = source.NumberHandling;
        target.TypeInfoResolverChain.Clear();
        target.TypeInfoResolverChain.Add(ApiJson.Default);
        target.TypeInfoResolverChain.Add(new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver());
    }
}
