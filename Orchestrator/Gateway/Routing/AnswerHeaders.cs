namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>Tells callers which model answers, and why it.</summary>
internal static class AnswerHeaders
{
    public static void Write(HttpResponse response, Answer answer)
    {
        response.Headers["Stack-Model"] = Ascii(answer.Model);
        response.Headers["Stack-Provider"] = Ascii(answer.Provider);
        response.Headers["Stack-Decision"] = Ascii(answer.Decision);
        if (answer.Journal is { } journal)
        {
            response.Headers["Stack-Journal"] = journal;
        }
    }

    private static string Ascii(string text) => string.Concat(text.Select(c => c is >= ' ' and < (char)127 ? c : '?'));
}
