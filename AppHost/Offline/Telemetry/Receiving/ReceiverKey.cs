using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>What a sender of telemetry must know: the header <c>x-otlp-api-key</c>. Made for the run unless it is configured; none is asked for when anonymous access is allowed.</summary>
internal sealed class ReceiverKey
{
    internal const string Header = "x-otlp-api-key";
    internal const string Setting = "AppHost:OtlpApiKey";

    private const string AnonymousSetting = "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";
    private const string OldAnonymousSetting = "DOTNET_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";
    private const int Digits = 32;

    private readonly byte[]? key;

    private ReceiverKey(string? key) => this.key = key is null ? null : Encoding.UTF8.GetBytes(key);

    /// <summary>Reads the key; a key that is made is put into the configuration, from which services are told it.</summary>
    internal static ReceiverKey Prepare(IConfiguration configuration)
    {
        if (IsTrue(configuration[AnonymousSetting]) || IsTrue(configuration[OldAnonymousSetting]))
        {
            return new ReceiverKey(key: null);
        }
        if (configuration[Setting] is not { Length: > 0 } key)
        {
            configuration[Setting] = key = RandomNumberGenerator.GetHexString(Digits, lowercase: true);
        }
        return new ReceiverKey(key);
    }

    /// <summary>Whether the request carries the key. How long this takes does not tell how much of a wrong one is right.</summary>
    internal bool Allows(HttpRequest request) =>
        key is null || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers[Header].ToString()), key);

    private static bool IsTrue(string? text) => bool.TryParse(text, out var value) && value;
}
