using System.Security.Cryptography;
using System.Text;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Api.Access;

/// <summary>
/// The keys of people: <c>Stack:ApiKeys:NAME</c> is the key, or <c>sha256:</c> and its hash in hexadecimal; <c>Stack:ApiKeys:NAME:Scope</c> is read, write or admin.
/// A key can also be given as <c>Stack:ApiKeys:NAME:Key</c>. Only hashes are kept.
/// </summary>
internal sealed class ApiKeys
{
    internal const string Section = OrchestratorOptions.Section + ":ApiKeys";
    private const string HashPrefix = "sha256:";
    private const int LeastLength = 16;

    private readonly List<(string Name, byte[] Hash, Scope Scope)> _keys = [];

    /// <summary>Reads the keys.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="StartRefusedException">A key cannot be used.</exception>
    public ApiKeys(IConfiguration configuration)
    {
        foreach (var entry in configuration.GetSection(Section).GetChildren())
        {
            var text = entry.Value ?? entry["Key"];
            _keys.Add((entry.Key, HashOf(entry.Key, text), ScopeOf(entry.Key, entry["Scope"])));
        }
    }

    /// <summary>Whether there are keys; without, a person at the machine needs none.</summary>
    public bool Any => _keys.Count > 0;

    /// <summary>Finds who shows a key, in a time that says nothing about the keys. Null: nobody.</summary>
    /// <param name="key">The key.</param>
    public Caller? Find(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        Caller? found = null;
        foreach (var (name, known, scope) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known))
            {
                found = new Caller(name, scope);
            }
        }

        return found;
    }

    private static byte[] HashOf(string name, string? text)
    {
        if (text is null || (!text.StartsWith(HashPrefix, StringComparison.Ordinal) && text.Length < LeastLength))
        {
            throw new StartRefusedException($"{Section}:{name} is {(string.IsNullOrEmpty(text) ? "empty" : "too short")}; give at least {LeastLength} characters, or {HashPrefix} and the SHA-256 of the key in hexadecimal.");
        }

        if (!text.StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            return SHA256.HashData(Encoding.UTF8.GetBytes(text));
        }

        var digits = text[HashPrefix.Length..];
        return digits.Length == 64 && digits.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(digits)
            : throw new StartRefusedException($"{Section}:{name} begins with {HashPrefix} but is not followed by 64 hexadecimal digits. Write the SHA-256 of the key.");
    }

    private static Scope ScopeOf(string name, string? text) => text?.Trim().ToLowerInvariant() switch
    {
        null or "" or "admin" => Scope.Everything,
        "write" => Scope.Read | Scope.Write,
        "read" => Scope.Read,
        _ => throw new StartRefusedException($"{Section}:{name}:Scope is '{text}'; write read, write or admin."),
    };
}
