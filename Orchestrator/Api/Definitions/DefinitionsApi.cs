using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>Workflow definitions: see, check, apply.</summary>
internal static class DefinitionsApi
{
    private static readonly string[] MediaTypes = ["application/yaml", "application/json", "application/x-yaml", "text/yaml", "text/x-yaml"];

    public static void MapDefinitions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/definitions").WithTags("Definitions");
        group.MapGet("", ListAsync).WithSummary("List the current definitions");
        group.MapGet("/schema", () => TypedResults.Content(DefinitionSchema.Get().ToJsonString(), "application/schema+json"))
            .WithSummary("The JSON Schema of the definition file").Produces<object>(contentType: "application/schema+json");
        group.MapGet("/{name}", ShowAsync).WithSummary("Show a definition with its text").Produces<DefinitionResource>();
        group.MapPost("", ApplyAsync).Require(Scope.Admin).LimitBody(DefinitionText.MaxBytes)
            .WithSummary("Apply a definition (YAML or JSON)")
            .WithDescription("Makes it the current definition of its name. Workflows that run keep the version they began with. Everything that is wrong is reported at once, with path, value, remedy and line.")
            .Accepts<string>(MediaTypes[0], MediaTypes[1..]).Produces<DefinitionResource>().Produces<DefinitionResource>(StatusCodes.Status201Created);
        group.MapPost("/validate", ValidateAsync).Require(Scope.Read).LimitBody(DefinitionText.MaxBytes)
            .WithSummary("Check a definition without applying it")
            .Accepts<string>(MediaTypes[0], MediaTypes[1..]).Produces<DefinitionValidation>();
    }

    private static async Task<Ok<DefinitionList>> ListAsync(DefinitionCatalog catalog, CancellationToken cancellationToken)
    {
        var stored = await catalog.ListAsync(cancellationToken);
        return TypedResults.Ok(new DefinitionList([.. stored.Select(definition => Show(definition) with { Definition = null, Source = null })]));
    }

    private static async Task<IResult> ShowAsync(string name, DefinitionCatalog catalog, CancellationToken cancellationToken) =>
        await catalog.FindAsync(name, cancellationToken) is { } stored
            ? TypedResults.Ok(Show(stored))
            : Problem.NotFound("definition", name, await KnownAsync(catalog, cancellationToken));

    private static async Task<IResult> ApplyAsync(HttpContext context, DefinitionCatalog catalog, CancellationToken cancellationToken)
    {
        var (text, json, problem) = await ReadAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        var reading = catalog.Check(text, json);
        if (reading.Definition is not { } definition)
        {
            return Problem.Definition(reading.Problems);
        }

        var (stored, created) = await catalog.ApplyAsync(definition, text, builtIn: false, cancellationToken);
        return created ? TypedResults.Created($"/api/v1/definitions/{definition.Name}", Show(stored)) : TypedResults.Ok(Show(stored));
    }

    private static async Task<IResult> ValidateAsync(HttpContext context, DefinitionCatalog catalog, CancellationToken cancellationToken)
    {
        var (text, json, problem) = await ReadAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        var reading = catalog.Check(text, json);
        return TypedResults.Ok(new DefinitionValidation(reading.Definition is not null, reading.Problems));
    }

    /// <summary>The names that are known, as a remedy for one that is not.</summary>
    public static async Task<string> KnownAsync(DefinitionCatalog catalog, CancellationToken cancellationToken) =>
        $"The known definitions are: {string.Join(", ", (await catalog.ListAsync(cancellationToken)).Select(definition => definition.Definition.Name))}.";

    private static DefinitionResource Show(StoredDefinition stored) => new()
    {
        Name = stored.Definition.Name,
        Description = stored.Definition.Description,
        Version = stored.Version,
        BuiltIn = stored.BuiltIn,
        AppliedAt = stored.AppliedAt,
        Definition = stored.Definition,
        Source = stored.Source,
    };

    private static async Task<(string Text, bool Json, Problem? Problem)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var mediaType = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
        if (!MediaTypes.Contains(mediaType))
        {
            return ("", false, Problem.Of(ProblemTypes.InvalidRequest, 415, mediaType.Length == 0 ? "The Content-Type is missing." : $"The Content-Type is '{mediaType}'.", "Send application/yaml or application/json."));
        }

        using var reader = new StreamReader(request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
        try
        {
            return (await reader.ReadToEndAsync(cancellationToken), mediaType == "application/json", null);
        }
        catch (DecoderFallbackException)
        {
            return ("", false, Problem.Of(ProblemTypes.MalformedBody, "The body is not UTF-8.", "Save the file as UTF-8."));
        }
    }
}
