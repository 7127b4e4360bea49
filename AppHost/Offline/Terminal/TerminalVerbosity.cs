using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>The option <c>--verbose</c>: whether the terminal shows every line of every resource.</summary>
internal static class TerminalVerbosity
{
    internal const string Option = "--verbose";

    private const string Key = "verbose";

    /// <summary>The arguments with the option in the form that configuration reads: it has no value of its own, and would otherwise take the next word for one.</summary>
    internal static string[] Normalize(string[] arguments) => [.. arguments.Select(argument => argument == Option ? $"{Option}=true" : argument)];

    internal static bool IsVerbose(IConfiguration configuration) => string.Equals(configuration[Key], "true", StringComparison.OrdinalIgnoreCase);
}
