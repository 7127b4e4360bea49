namespace Aspire.Hosting.Offline;

/// <summary>Makes any name a name of an environment variable: what is not a letter, digit or underscore becomes an underscore; a leading digit gets one before it.</summary>
internal static class EnvironmentVariableName
{
    internal static string Encode(string name)
    {
        if (name.Length == 0)
        {
            return "_";
        }
        var encoded = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_' ? letter : '_'));
        return char.IsAsciiDigit(encoded[0]) ? $"_{encoded}" : encoded;
    }
}
