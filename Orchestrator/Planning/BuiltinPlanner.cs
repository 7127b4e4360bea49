using System.Text.RegularExpressions;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Orchestrator.Planning;

/// <summary>Plans by rules, without a model: chooses one of the built-in definitions by the words of the request, and says what it does not understand.</summary>
internal static partial class BuiltinPlanner
{
    private const int FewWords = 4;

    /// <summary>Plans.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The name of the definition, and the draft without it.</returns>
    public static (string Definition, PlanDraft Draft) For(string request)
    {
        var name = Repair().IsMatch(request) ? "bugfix" : Change().IsMatch(request) ? "feature" : "app";
        var choice = TemplateChoice.For(request, EntityReader.Read(request));
        var ambiguities = new List<string>();
        var beyond = new List<string>();
        if (request.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length < FewWords)
        {
            ambiguities.Add("The request has only a few words: say what it shall do, for whom, and how to see that it is done.");
        }

        if (name is not "app" && !Repository().IsMatch(request))
        {
            ambiguities.Add("It is about something that exists, but no repository is named: which one?");
        }

        if (choice.Template is null)
        {
            beyond.Add($"Whatever needs a language model, unless the gateway has one when it runs: without one, {TemplateNames.Abilities}.");
        }

        beyond.AddRange(Beyond.Where(entry => entry.Pattern.IsMatch(request)).Select(entry => entry.Text));
        var confidence = (name, choice.Template) switch
        {
            ("app", not null) => 0.8,
            ("app", null) => 0.4,
            _ => 0.5,
        };
        var doubts = ambiguities.Count + beyond.Count - (choice.Template is null ? 1 : 0);
        return (name, new PlanDraft(Contracts.JsonPayload.EmptyObject, Math.Round(Math.Max(0.1, confidence - (0.2 * doubts)), 2), ambiguities, beyond));
    }

    private static readonly (Regex Pattern, string Text)[] Beyond =
    [
        (Mobile(), "Programs for telephones."),
        (Payment(), "Payments: no account of a payment service is known."),
        (Training(), "Training of models."),
    ];

    [GeneratedRegex(@"\b(fix|fixes|bug|bugs|defect|crash(es)?|broken|regression|repair)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Repair();

    [GeneratedRegex(@"\b(add|extend|change|improve|rename|remove|replace|support)\b.*\b(to|in|of|from|for) (the|our|my|an?) (existing|current|repository|project|code|program|app|service)\b|\bnew feature\b", RegexOptions.IgnoreCase)]
    private static partial Regex Change();

    [GeneratedRegex(@"https?://|git@|\brepository at\b|\.git\b", RegexOptions.IgnoreCase)]
    private static partial Regex Repository();

    [GeneratedRegex(@"\b(ios|android|iphone|mobile app)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Mobile();

    [GeneratedRegex(@"\b(payments?|credit cards?|stripe|paypal)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Payment();

    [GeneratedRegex(@"\b(train|fine-?tune) (a|the|our) (language )?model\b", RegexOptions.IgnoreCase)]
    private static partial Regex Training();
}

/// <summary>What a planner thought of; not checked yet.</summary>
/// <param name="Definition">The definition, as its file would say it.</param>
/// <param name="Confidence">How sure it is, 0 to 1.</param>
/// <param name="Ambiguities">What can be meant in several ways.</param>
/// <param name="OutOfScope">What is not done.</param>
internal sealed record PlanDraft(Contracts.JsonPayload Definition, double Confidence, IReadOnlyList<string> Ambiguities, IReadOnlyList<string> OutOfScope);
