using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677): it proves that it knows the password, and has the server prove the same.</summary>
internal sealed class ScramSha256(string password)
{
    internal const string Mechanism = "SCRAM-SHA-256";

    private readonly string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
    private byte[] serverSignature = [];

    /// <summary>The first message. PostgreSQL takes the user's name from elsewhere, so it is empty here.</summary>
    internal string First => $"n,,{FirstBare}";

    private string FirstBare => $"n=,r={nonce}";

    /// <summary>The proof, as the answer to the server's first message.</summary>
    internal string Final(string serverFirst)
    {
        var fields = Fields(serverFirst);
        if (!fields.TryGetValue('r', out var both) || !both.StartsWith(nonce, StringComparison.Ordinal) || !fields.TryGetValue('s', out var salt) || !fields.TryGetValue('i', out var rounds))
        {
            throw new ServerRefusedException("it answers the first message of SCRAM-SHA-256 with something else");
        }
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(salt), int.Parse(rounds, CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c=biws,r={both}";
        var exchange = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), exchange);
        for (var index = 0; index < proof.Length; index++)
        {
            proof[index] ^= clientKey[index];
        }
        serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), exchange);
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Throws when the server's last message does not prove that it knows the password.</summary>
    internal void Verify(string serverFinal)
    {
        if (!Fields(serverFinal).TryGetValue('v', out var signature) || !CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(signature), serverSignature))
        {
            throw new ServerRefusedException("it does not know the password itself");
        }
    }

    private static Dictionary<char, string> Fields(string message) =>
        message.Split(',').Where(field => field.Length > 1 && field[1] == '=').DistinctBy(field => field[0]).ToDictionary(field => field[0], field => field[2..]);
}
