using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>How an application is deployed on this machine.</summary>
internal sealed record DeploymentOptions
{
    /// <summary>The name before those of containers, volumes and the network; one machine can hold several deployments.</summary>
    /// <value>Default: the application's name. Option <c>--deployment-name</c>.</value>
    internal required string Name { get; init; }

    /// <summary>How long a container may take to become healthy.</summary>
    /// <value>Default 120 s. Option <c>--health-timeout SECONDS</c>.</value>
    internal required TimeSpan Patience { get; init; }

    /// <summary>The address on which public ports are opened.</summary>
    /// <value>Default 127.0.0.1: this machine only. Option <c>--publish-address</c>.</value>
    internal required string PublishAddress { get; init; }

    internal static DeploymentOptions Read(IConfiguration configuration, string applicationName) => new()
    {
        Name = NameOf(configuration["deployment-name"] is { Length: > 0 } given ? given : applicationName),
        Patience = PatienceOf(configuration["health-timeout"]),
        PublishAddress = configuration["publish-address"] is { Length: > 0 } address ? address : "127.0.0.1",
    };

    private static string NameOf(string name) => string.Concat(name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');

    private static TimeSpan PatienceOf(string? seconds) => seconds switch
    {
        null or "" => TimeSpan.FromSeconds(120),
        _ when double.TryParse(seconds, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 3600 => TimeSpan.FromSeconds(number),
        _ => throw new DistributedApplicationException($"--health-timeout is '{seconds}'; give seconds, 1 to 3600."),
    };
}
