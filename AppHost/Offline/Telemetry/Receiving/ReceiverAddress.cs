using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>Where a receiver shall listen.</summary>
/// <param name="Setting">The setting that says so.</param>
/// <param name="Port">0 for any free one.</param>
/// <param name="Objection">What of the setting is not followed, and why; null when all is.</param>
internal sealed record ReceiverAddress(string Setting, int Port, string? Objection)
{
    internal const string GrpcSetting = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    internal const string HttpSetting = "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL";

    private const string Prefix = "ASPIRE_";
    private const string OldPrefix = "DOTNET_";

    /// <summary>Reads the setting, by its name of today or of before.</summary>
    internal static ReceiverAddress Read(IConfiguration configuration, string setting, int usualPort)
    {
        var old = OldPrefix + setting[Prefix.Length..];
        var text = configuration[setting] is { Length: > 0 } today ? today : configuration[old];
        if (string.IsNullOrWhiteSpace(text))
        {
            return new ReceiverAddress(setting, usualPort, Objection: null);
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new DistributedApplicationException($"{setting} is '{text}', which is no URL. Give one as http://localhost:{usualPort.ToString(CultureInfo.InvariantCulture)}.");
        }
        var objection = url.Scheme == "https" ? $"{setting} is {text}; telemetry is received over http only, on this machine only"
            : !IsLoopback(url) ? $"{setting} is {text}; telemetry is received from this machine only, at localhost"
            : null;
        return new ReceiverAddress(setting, url.Port, objection);
    }

    private static bool IsLoopback(Uri url) =>
        string.Equals(url.Host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
