using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Api.Access;

/// <summary>
/// The tokens of agents. An agent shows the join token (<c>Stack:AgentToken</c>) once, when it registers, and gets one of its own: its id with a code over it,
/// made with a secret in the shared directory. Another join token makes all of them worthless. Without a join token agents need none.
/// </summary>
internal sealed class AgentTokens
{
    internal const string Setting = OrchestratorOptions.Section + ":AgentToken";
    internal const string SecretFile = "agent-secret";
    private const string Prefix = "agent.";

    private readonly byte[]? _join;
    private readonly Lazy<byte[]> _secret;

    public AgentTokens(IConfiguration configuration, IOptions<OrchestratorOptions> options)
    {
        var join = configuration[Setting];
        _join = string.IsNullOrEmpty(join) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(join));
        _secret = new(() => ReadSecret(Path.Combine(options.Value.SharedDirectory, SecretFile)));
    }

    /// <summary>Whether agents need tokens.</summary>
    public bool Required => _join is not null;

    /// <summary>Whether a token is the join token.</summary>
    /// <param name="token">The token.</param>
    public bool IsJoin(string token) => _join is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), _join);

    /// <summary>The token of an agent. Null: agents need none.</summary>
    /// <param name="agentId">The agent.</param>
    public string? For(AgentId agentId) => _join is null
        ? null
        : string.Concat(Prefix, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(agentId.Value)), ".", Base64Url.EncodeToString(Code(agentId.Value)));

    /// <summary>The agent that a token belongs to. Null: the token is not one of ours.</summary>
    /// <param name="token">The token.</param>
    public AgentId? Read(string token)
    {
        var dot = token.LastIndexOf('.');
        if (_join is null || dot <= Prefix.Length || token.Length > 400 || !token.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var name = token.AsSpan(Prefix.Length, dot - Prefix.Length);
        var code = token.AsSpan(dot + 1);
        if (!Base64Url.IsValid(name) || !Base64Url.IsValid(code))
        {
            return null;
        }

        var agent = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(name));
        return CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(code), Code(agent)) ? new AgentId(agent) : null;
    }

    private byte[] Code(string agent) => HMACSHA256.HashData(_secret.Value, (byte[])[.. _join!, .. Encoding.UTF8.GetBytes(agent)]);

    private static byte[] ReadSecret(string path)
    {
        if (ReadWhole(path) is { } known)
        {
            return known;
        }

        var secret = RandomNumberGenerator.GetBytes(32);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // Written beside and renamed: a crash leaves the old file or the whole new one. Of several that start at once one is first, and all take what it made.
        var part = $"{path}.{Environment.ProcessId}.part";
        using (var file = new FileStream(part, options))
        {
            file.Write(secret);
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(part, path, overwrite: File.Exists(path) && ReadWhole(path) is null);
        }
        catch (IOException) when (ReadWhole(path) is not null)
        {
            File.Delete(part);
        }

        return ReadWhole(path) ?? secret;
    }

    private static byte[]? ReadWhole(string path) => File.Exists(path) && File.ReadAllBytes(path) is { Length: 32 } whole ? whole : null;
}
