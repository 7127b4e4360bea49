using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Who may use the dashboard: whoever has the token, and a browser that once had it, by a cookie signed with a key. Token and key are kept in the
/// secrets of the application, so that a restart of the host costs nobody the login; another token ends all logins.
/// </summary>
internal sealed class DashboardLogin
{
    /// <summary>How long a browser stays logged in.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly TimeProvider time;
    private readonly byte[] tokenHash;
    private readonly byte[] key;

    internal DashboardLogin(DashboardOptions options, StateDirectory data, TimeProvider time)
    {
        this.time = time;
        var secrets = new SecretFile(data.Path);
        Token = options.BrowserToken ?? secrets.GetOrAdd("Dashboard:BrowserToken", () => RandomNumberGenerator.GetHexString(32, lowercase: true));
        tokenHash = Hash(Token);
        key = KeyOf(secrets);
        // Cookies know no ports: two applications on one machine must not log each other out.
        CookieName = $"stack-dashboard-{Convert.ToHexStringLower(Hash(data.Path))[..8]}";
    }

    internal string Token { get; }

    internal string CookieName { get; }

    internal bool IsToken(string? candidate) => candidate is not null && CryptographicOperations.FixedTimeEquals(Hash(candidate), tokenHash);

    /// <summary>A cookie's value for who showed the token.</summary>
    internal string Issue() => Sign((time.GetUtcNow() + Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));

    internal bool IsCookie(string? cookie)
    {
        var expires = cookie?.Split('.')[0] ?? "";
        return long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(expires)), Encoding.UTF8.GetBytes(cookie!))
            && time.GetUtcNow().ToUnixTimeSeconds() < seconds;
    }

    private static byte[] KeyOf(SecretFile secrets)
    {
        const string name = "Dashboard:CookieKey";
        try
        {
            return Convert.FromHexString(secrets.GetOrAdd(name, () => RandomNumberGenerator.GetHexString(64)));
        }
        catch (FormatException failure)
        {
            throw new DistributedApplicationException($"The secret '{name}' is not made of pairs of hexadecimal digits. Remove it from the secrets file to get a new one.", failure);
        }
    }

    private string Sign(string expires)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(expires), .. tokenHash];
        return $"{expires}.{Convert.ToHexStringLower(HMACSHA256.HashData(key, signed))}";
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
