using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Stack.ServiceDefaults.Health;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>Declares what a service depends on.</summary>
public static class PreflightExtensions
{
    /// <summary>Adds the runner and the readiness check <c>preflight</c>. Part of <c>AddServiceDefaults</c>.</summary>
    internal static void AddPreflight(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PreflightOptions>()
            .Configure<IConfiguration>((options, configuration) => options.Read(configuration))
            .ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PreflightOptions>, Validation>());
        builder.Services.TryAddSingleton<PreflightState>();
        builder.Services.AddHealthChecks().Add(new(
            "preflight", services => services.GetRequiredService<PreflightState>(), failureStatus: null, [HealthTags.Ready, HealthTags.Startup]));
        builder.Services.AddHostedService<PreflightRunner>();
    }

    /// <summary>Adds a dependency with its own way of checking.</summary>
    public static IServiceCollection AddPreflightCheck<TCheck>(this IServiceCollection services)
        where TCheck : class, IPreflightCheck
        => services.AddSingleton<IPreflightCheck, TCheck>();

    /// <summary>Adds a dependency with its own way of checking.</summary>
    public static IServiceCollection AddPreflightCheck(this IServiceCollection services, Func<IServiceProvider, IPreflightCheck> create)
        => services.AddSingleton(create);

    /// <summary>Adds a dependency that is there when its port can be connected to.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name to show.</param>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="remedy">What the user can do when it is missing, as one sentence.</param>
    public static IServiceCollection AddTcpPreflightCheck(this IServiceCollection services, string name, string host, int port, string remedy)
        => services.AddSingleton<IPreflightCheck>(new TcpPreflightCheck(name, host, port, remedy));

    /// <summary>Adds a dependency that is there when a GET answers with success.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name to show.</param>
    /// <param name="address">Absolute; a service's name is resolved, for example <c>https+http://orchestrator/health/live</c>.</param>
    /// <param name="remedy">What the user can do when it is missing, as one sentence.</param>
    public static IServiceCollection AddHttpPreflightCheck(this IServiceCollection services, string name, Uri address, string remedy)
        => services.AddSingleton<IPreflightCheck>(provider => new HttpPreflightCheck(name, address, provider.GetRequiredService<IHttpClientFactory>(), remedy));

    private sealed class Validation : IValidateOptions<PreflightOptions>
    {
        public ValidateOptionsResult Validate(string? name, PreflightOptions options)
            => PreflightOptions.Refusals(options).ToList() is { Count: > 0 } refusals
                ? ValidateOptionsResult.Fail(refusals)
                : ValidateOptionsResult.Success;
    }
}
