using System.Security.Cryptography;

namespace Aspire.Hosting.Offline;

/// <summary>Remembers, without keeping it, which password a server's data were last given, so that a new one is noticed.</summary>
internal static class PasswordMark
{
    private const int SaltBytes = 16;
    private const int MarkBytes = 32;
    private const int Iterations = 100_000;

    internal static string Make(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return Convert.ToBase64String([.. salt, .. Derive(password, salt)]);
    }

    internal static bool IsOf(string mark, string password)
    {
        var bytes = new byte[SaltBytes + MarkBytes];
        return Convert.TryFromBase64String(mark.Trim(), bytes, out var length) && length == bytes.Length
            && CryptographicOperations.FixedTimeEquals(bytes.AsSpan(SaltBytes), Derive(password, bytes.AsSpan(0, SaltBytes)));
    }

    private static byte[] Derive(string password, ReadOnlySpan<byte> salt) => Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, MarkBytes);
}
