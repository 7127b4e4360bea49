namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Text as PostgreSQL takes it.</summary>
internal static class PostgresText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text without what PostgreSQL refuses: the character of number zero, and halves of characters.</summary>
    public static string? Storable(string? text) => text is null || IsStorable(text) ? text : string.Create(text.Length, text, static (target, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = source[i] == '\0' || IsHalf(source, i) ? Replacement : source[i];
        }
    });

    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || IsHalf(text, i))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsHalf(string text, int i) =>
        char.IsHighSurrogate(text[i]) ? i + 1 >= text.Length || !char.IsLowSurrogate(text[i + 1]) : char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1]));
}
