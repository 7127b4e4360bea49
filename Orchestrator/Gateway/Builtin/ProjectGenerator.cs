using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Turns requirements into a repository by filling in a template. Pure: no clock, no randomness, no files.</summary>
internal static partial class ProjectGenerator
{
    // What a person writes fits into this; the rest of a longer text is not read.
    private const int ReadLength = 20_000;

    /// <summary>Generates a repository, or says why there is none.</summary>
    /// <param name="request">What is asked for.</param>
    public static Generation Generate(GenerationRequest request)
    {
        var requirements = request.Requirements.Length > ReadLength ? request.Requirements[..ReadLength] : request.Requirements;
        var entities = EntityReader.Read(requirements);
        var choice = request.Template is { } wish ? Obey(wish, entities) : TemplateChoice.For(requirements, entities);
        return choice.Template switch
        {
            TemplateNames.Calculator => CalculatorTemplate.Write(request, choice.Reason, LimitsOf(requirements)),
            TemplateNames.CrudApi when entities.Count > 0 => CrudApiTemplate.Write(request, choice.Reason, LimitsOf(requirements), entities),
            TemplateNames.CrudApi => Refuse("The requirements ask for an API, but name nothing that it could store. Write for example: a REST API for books with title, author and price."),
            TemplateNames.Console => ProgramTemplates.WriteConsole(request, choice.Reason, LimitsOf(requirements)),
            TemplateNames.Library => ProgramTemplates.WriteLibrary(request, choice.Reason, LimitsOf(requirements)),
            _ => Refuse(choice.Reason),
        };
    }

    private static TemplateChoice Obey(string template, IReadOnlyList<Entity> entities) => TemplateNames.All.Contains(template)
        ? new TemplateChoice(template, $"Template '{template}' was asked for by name{(entities.Count > 0 && template is TemplateNames.CrudApi ? $", for {string.Join(", ", entities.Select(entity => entity.Route))}" : "")}.")
        : new TemplateChoice(null, $"There is no template '{template}'; there are {string.Join(", ", TemplateNames.All)}.");

    private static Generation Refuse(string reason) => new() { Template = null, Reason = reason };

    // Wishes that no template grants, so that nobody has to find out by reading code.
    private static List<string> LimitsOf(string requirements) =>
    [
        .. Unmet().Matches(requirements)
            .Select(match => match.Value.ToLowerInvariant())
            .Distinct(StringComparer.Ordinal)
            .Select(wish => $"The requirements mention '{wish}'; no template has it."),
    ];

    [GeneratedRegex(
        @"\b(?:authentication|authorization|login|oauth|jwt|roles?|postgres(?:ql)?|mysql|sqlite|sql server|mongodb|redis|rabbitmq|kafka|docker|kubernetes|graphql|grpc|websockets?|react|angular|vue|blazor|python|java|typescript|javascript|rust|golang|square roots?|exponents?|powers?|percent(?:age)?s?|trigonometr\w+|logarithms?|history|e-mails? notifications?|payments?)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Unmet();
}
