using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Stack.Contracts;

namespace Stack.Orchestrator.Api;

/// <summary>The OpenAPI document of the API, at <c>/openapi/v1.json</c>.</summary>
internal static class OpenApiDocument
{
    private const string ProblemMediaType = "application/problem+json";

    private const string ProblemResponse = "Problem";

    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["id"] = "The workflow, a UUID.",
        ["stage"] = "The name of a stage.",
        ["task_id"] = "The task: WORKFLOW.STAGE.ATTEMPT.",
        ["agent_id"] = "The agent.",
        ["limit"] = $"How many entries a page has; 1 to {QueryFields.MaxLimit}, {QueryFields.DefaultLimit} when nothing is said.",
        ["cursor"] = "The next_cursor of the page before.",
        ["status"] = "Only these.",
        ["type"] = "Only this kind of work.",
        ["priority"] = "Only low, medium, high or critical.",
        ["definition"] = "Only workflows of this definition.",
        ["agent_type"] = "Only tasks for agents of this type.",
        ["after"] = "Only events with a higher id.",
        ["types"] = "Only events of these types, with commas between; `workflow.*` are all whose name begins so.",
        ["ref"] = "A branch, a tag, a commit or a stage. What counted so far when nothing is said.",
        ["letter_id"] = "The dead letter.",
        ["ended_before"] = "Which would go if those went that ended before this time, for example 2026-01-31T12:00:00Z. It must have passed.",
        ["from"] = "The older side: a branch, a tag, a commit or a stage.",
        ["to"] = "The newer side.",
        ["format"] = "zip or tar.gz.",
        ["path"] = "The path in the workspace.",
        ["name"] = "The name.",
        ["input_hash"] = "SHA-256 of the step's input, lower-case hexadecimal.",
        ["approved"] = "true or false.",
        ["comment"] = "What is added to the answer; a loop takes it for an instruction.",
        ["key"] = "The budget, for example workflow/ID or day/2026-01-31.",
        ["prefix"] = "Only budgets whose key begins so.",
        ["workflow"] = "Only the budgets of this workflow and its stages.",
        ["model"] = "The model.",
        ["response_id"] = "The response.",
        ["stream"] = "Whether the answer is a stream of events.",
        ["starting_after"] = "Only events with a higher sequence_number.",
        ["Idempotency-Key"] = "1 to 255 visible ASCII characters. The same key with the same request answers the same workflow.",
    };

    private static readonly (string Name, string Description)[] Tags =
    [
        ("Workflows", "Submit work, watch it, stop it, decide what it asks."),
        ("Events", "What happened, as pages and as a stream."),
        ("Files", "What the stages made."),
        ("Tasks", "Attempts at stages."),
        ("Loops", "Tasks that a loop works on until the evidence suffices or a limit is hit; each is a workflow too."),
        ("Agents", "Who does the work."),
        (FeedRoutes.Tag, FeedRoutes.Protocol),
        ("Definitions", "What workflows do. The file's JSON Schema is at /api/v1/definitions/schema."),
        ("Deployments", "Programs that deployment stages put into service."),
        ("Dead letters", "Messages that the broker could not get handled."),
        ("Retention", "How long workflows that ended are kept, and removing them."),
        ("Models", "Which language models there are, and how their providers do."),
        ("Usage", "What calls of models cost, and what they may."),
        ("Ollama", "The models in Ollama's protocol; OpenAI's is under /v1."),
        ("gateway", "The models in OpenAI's protocol."),
        ("Health", "How the orchestrator is. Operators' probes are /health/live and /health/ready."),
    ];

    public static void AddOpenApiDocument(this IHostApplicationBuilder builder) => builder.Services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer(Describe);
        options.AddOperationTransformer(AddProblem);
        options.AddSchemaTransformer(Simplify);
    });

    private static async Task Describe(Microsoft.OpenApi.OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Stack",
            Version = Health.Version,
            Description = "AI agents as durable workflows. Errors are problem details (RFC 9457) with a stable `type`; `X-Request-Id` and `trace_id` name the trace to search for.",
        };
        document.Servers = [];
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
        document.Components ??= new OpenApiComponents();
        document.Components.Responses = new Dictionary<string, IOpenApiResponse>
        {
            [ProblemResponse] = new OpenApiResponse
            {
                Description = "A problem.",
                Content = new Dictionary<string, OpenApiMediaType> { [ProblemMediaType] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(ProblemResource), null, cancellationToken) } },
            },
        };
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, an agent's token, or the join token when an agent registers. Not needed on loopback while no key is configured." },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
    }

    private static Task AddProblem(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponseReference(ProblemResponse, context.Document);
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            parameter.Description ??= Parameters.GetValueOrDefault(parameter.Name ?? "");
        }

        return Task.CompletedTask;
    }

    private static Task Simplify(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type == typeof(WorkflowId))
        {
            (schema.Type, schema.Format) = (JsonSchemaType.String, "uuid");
        }
        else if (type == typeof(TaskId) || type == typeof(AgentId))
        {
            schema.Type = JsonSchemaType.String;
            schema.Examples = [type == typeof(AgentId) ? "scaffold-1f0a9c3e" : "0198c0ffee00700080000000000000aa.scaffolding.1"];
        }
        else if (type == typeof(TimeSpan))
        {
            (schema.Type, schema.Pattern) = (JsonSchemaType.String, DurationText.Pattern);
        }
        else if (type == typeof(JsonPayload))
        {
            schema.Description ??= "Any JSON value.";
        }

        return Task.CompletedTask;
    }
}
