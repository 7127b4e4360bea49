using System.Text.RegularExpressions;

namespace Aspire.Hosting.Offline;

/// <summary>Takes colours and other control sequences of terminals out of a text.</summary>
internal static partial class AnsiText
{
    internal static string Strip(string text) => text.Contains('\e') ? Sequence().Replace(text, "") : text;

    [GeneratedRegex(@"\e(\[[0-9;?]*[ -/]*[@-~]|\][^\a\e]*(\a|\e\\)|[@-Z\\-_])")]
    private static partial Regex Sequence();
}
