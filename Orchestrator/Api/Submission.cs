using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>The rules for submitting a workflow.</summary>
internal static class Submission
{
    /// <summary>The longest requirements in characters.</summary>
    public const int MaxRequirements = 100_000;

    private const int MaxName = 200;
    private const int MaxDescription = 4000;
    private const int MaxMadeName = 60;
    private const int MaxKey = 255;
    private const string DefaultDefinition = "app";

    /// <summary>Checks a request and makes the workflow of it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="idempotencyKey">The header <c>Idempotency-Key</c>. Null: none.</param>
    /// <param name="by">Who submits.</param>
    /// <param name="catalog">The definitions.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<(WorkflowSubmission? Workflow, Problem? Problem)> MakeAsync(
        SubmitWorkflowRequest request, string? idempotencyKey, string by, DefinitionCatalog catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        var requirements = (request.ProjectRequirements ?? request.Requirements ?? "").Trim();
        if (Check(request, requirements, idempotencyKey) is { Count: > 0 } problems)
        {
            return (null, Problem.Invalid(problems));
        }

        if (await FindDefinitionAsync(request, catalog, cancellationToken) is not { } stored)
        {
            var known = await DefinitionsApi.KnownAsync(catalog, cancellationToken);
            return (null, Problem.Of(ProblemTypes.InvalidRequest, StatusCodes.Status422UnprocessableEntity, $"definition: there is no definition '{request.Definition ?? DefaultDefinition}'.", known));
        }

        var header = new WorkflowHeader
        {
            Id = WorkflowId.New(time),
            Name = string.IsNullOrWhiteSpace(request.Name) ? NameFrom(requirements) : request.Name.Trim(),
            Description = request.Description?.Trim() ?? "",
            Type = request.Type ?? stored.Definition.Type,
            DefinitionName = stored.Definition.Name,
            DefinitionVersion = stored.Version,
            Requirements = requirements,
            Input = request.Input,
            Priority = request.Priority ?? stored.Definition.Priority,
            CreatedBy = by,
            CreatedAt = time.GetUtcNow(),
            Traceparent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
        };
        var key = idempotencyKey is null ? null : new IdempotencyRecord(idempotencyKey, HashOf(request), header.Id);
        return (new WorkflowSubmission { Header = header, Definition = stored.Definition, Idempotency = key }, null);
    }

    private static List<string> Check(SubmitWorkflowRequest request, string requirements, string? key)
    {
        var problems = new List<string>();
        Require(requirements.Length > 0, $"Project requirements cannot be empty.");
        Require(requirements.Length <= MaxRequirements, $"project_requirements: there are {requirements.Length} characters; write at most {MaxRequirements}, and put large material into the repository.");
        Require(request.ProjectRequirements is null || request.Requirements is null || request.ProjectRequirements == request.Requirements, $"project_requirements and requirements are both given and differ; give one of them.");
        Require(request.Name is not { } name || name.Trim().Length <= MaxName, $"name: it is longer than {MaxName} characters.");
        Require(request.Name is not { } text || !text.Any(char.IsControl), $"name: it has control characters; write one line of text.");
        Require(request.Description is not { Length: > MaxDescription }, $"description: it is longer than {MaxDescription} characters.");
        Require(request.Type is not { } type || DefinitionNames.IsValid(type), $"type: '{Shorten(request.Type)}' is not a name. {DefinitionNames.Rule}");
        Require(request.Definition is not { } definition || DefinitionNames.IsValid(definition), $"definition: '{Shorten(request.Definition)}' is not a name. {DefinitionNames.Rule}");
        Require(request.Input is not { } input || input.Utf8.Span[0] == (byte)'{', $"input: it must be a JSON object.");
        Require(key is null || (key.Length is > 0 and <= MaxKey && key.All(c => c is > ' ' and < (char)127)), $"Idempotency-Key: write 1 to {MaxKey} visible ASCII characters.");
        return problems;

        void Require(bool good, FormattableString problem)
        {
            if (!good)
            {
                problems.Add(problem.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private static async Task<StoredDefinition?> FindDefinitionAsync(SubmitWorkflowRequest request, DefinitionCatalog catalog, CancellationToken cancellationToken)
    {
        if (request.Definition is { } named)
        {
            return await catalog.FindAsync(named, cancellationToken);
        }

        var typed = request.Type is { } type ? await catalog.FindAsync(type, cancellationToken) : null;
        return typed ?? await catalog.FindAsync(DefaultDefinition, cancellationToken);
    }

    /// <summary>A name for people: the first line of the requirements, cut at a word.</summary>
    internal static string NameFrom(string requirements)
    {
        var line = requirements.Split('\n', 2)[0].Trim().TrimStart('#', ' ', '-', '*');
        line = new string([.. line.Where(c => !char.IsControl(c))]).TrimEnd('.', ':', ' ');
        if (line.Length == 0)
        {
            return "workflow";
        }

        if (line.Length <= MaxMadeName)
        {
            return line;
        }

        var space = line.LastIndexOf(' ', MaxMadeName);
        return (space > MaxMadeName / 2 ? line[..space] : line[..MaxMadeName]).TrimEnd(',', ';', ' ') + "…";
    }

    // The request as we understood it: what it says in another order, or beside our fields, is the same request.
    private static string HashOf(SubmitWorkflowRequest request) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, StackJson.TypeOf<SubmitWorkflowRequest>())));

    private static string Shorten(string? text) => text is { Length: > 100 } ? text[..100] + "…" : text ?? "";
}
