using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Stack.ServiceDefaults.Resilience;

/// <summary>Adds resilience to HTTP clients.</summary>
public static class HttpResilienceExtensions
{
    /// <summary>Timeouts, retries and a breaker per host, as <see cref="HttpResilienceOptions"/> says. <c>AddServiceDefaults</c> does it for every client.</summary>
    public static IHttpClientBuilder AddStandardResilience(this IHttpClientBuilder builder)
        => builder
            .ConfigureHttpClient((services, client) => client.Timeout = services.GetRequiredService<HttpResiliencePipelines>().Options.ClientTimeout)
            .AddHttpMessageHandler(services => new HttpResilienceHandler(services.GetRequiredService<HttpResiliencePipelines>()));

    internal static void AddHttpResilience(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<HttpResilienceOptions>().BindConfiguration(HttpResilienceOptions.Section).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HttpResilienceOptions>, Validation>());
        builder.Services.TryAddSingleton<HttpResiliencePipelines>();
    }

    private sealed class Validation : IValidateOptions<HttpResilienceOptions>
    {
        public ValidateOptionsResult Validate(string? name, HttpResilienceOptions options)
            => options.Refusals().ToList() is { Count: > 0 } refusals ? ValidateOptionsResult.Fail(refusals) : ValidateOptionsResult.Success;
    }
}
