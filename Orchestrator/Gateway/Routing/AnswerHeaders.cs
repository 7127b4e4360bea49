namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>Tells callers which model answers, and why it.</summary>
internal static class AnswerHeaders
{
    public static void Write(HttpResponse response, Answer answer)
    {
        response.Headers["Stack-Model"] = Ascii(answer.Link.Model.Name);
        response.Headers["Stack-Provider"] = Ascii(answer.Link.Provider.Entry.Name);
        response.Headers["Stack-Decision"] = Ascii(answer.Decision);
    }

    private static string Ascii(string text) => string.Concat(text.Select(c => c is >= ' ' and < (char)127 ? c : '?'));
}
