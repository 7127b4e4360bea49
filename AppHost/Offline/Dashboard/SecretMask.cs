using System.Text.RegularExpressions;

namespace Aspire.Hosting.Offline;

/// <summary>Says which values are not shown before somebody asks for them: those known to be secret, and those whose name or form says so.</summary>
internal static partial class SecretMask
{
    internal static bool Hides(string name, string? value, bool isSensitive) =>
        isSensitive || SecretName().IsMatch(name) || (value is not null && SecretForm().IsMatch(value));

    [GeneratedRegex("password|passwd|secret|token|api_?key|access_?key|private_?key|credential|otlp_headers|connectionstring", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    // user:password@host, and the passwords of connection strings.
    [GeneratedRegex(@"://[^/\s:@]*:[^/\s@]+@|\b(password|pwd)\s*=", RegexOptions.IgnoreCase)]
    private static partial Regex SecretForm();
}
