using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>A REST API for the entities of the requirements.</summary>
internal static class CrudApiTemplate
{
    public static Generation Write(GenerationRequest request, string reason, IReadOnlyList<string> limits, IReadOnlyList<Entity> entities)
    {
        var names = entities.SelectMany(entity => (string[])[entity.TypeName, $"{entity.TypeName}Input"]);
        var project = CodeNames.Project(request.ProjectName is { } wish && CodeNames.Pascal(wish).Length > 0 ? wish : $"{CodeNames.Pascal(entities[0].Route)}Api", names);
        var files = new RepositoryFiles(project);
        SetTexts(files, request, entities);
        files.AddWeb()
            .Add("README.md", "crud-api/README.md");
        foreach (var file in (string[])["Program.cs", "ResourceApp.cs", "IResource.cs", "ResourcePage.cs", "FileStore.cs", "InputErrors.cs", "ResourceApi.cs", "Page.html"])
        {
            files.Add($"{files.Source}/{file}", $"crud-api/src/{file}");
        }

        foreach (var file in (string[])["ResourceTests.cs", "ProgramTests.cs", "FileStoreTests.cs", "InputErrorsTests.cs"])
        {
            files.Add($"{files.Tests}/{file}", $"crud-api/tests/{file}");
        }

        foreach (var entity in entities)
        {
            EntityCode.Set(files, entity);
            files.Add($"{files.Source}/{entity.TypeName}.cs", "crud-api/src/Entity.cs")
                .Add($"{files.Tests}/{entity.TypeName}Tests.cs", "crud-api/tests/EntityTests.cs");
        }

        var probes = new ProgramProbes
        {
            Kind = ProgramKind.Web,
            EntryProject = files.EntryProject,
            HealthPath = "/health",
            Pages = [new PageProbe { Path = "/", Title = TitleOf(entities) }],
            Http = [.. entities.SelectMany(Probes)],
        };
        return files.Finish(TemplateNames.CrudApi, reason, [.. GuessesOf(entities), .. limits], probes);
    }

    private static void SetTexts(RepositoryFiles files, GenerationRequest request, IReadOnlyList<Entity> entities)
    {
        var first = entities[0];
        files.Set("Title", TitleOf(entities))
            .Set("Summary", RepositoryFiles.SummaryOf(request))
            .Set("fixture_fields", FixtureFields)
            .Set("fixture_cleanup", "        Directory.Delete(_directory, recursive: true);")
            .Set("map_resources", Lines(entities, entity => $"        app.MapResource<{entity.TypeName}, {entity.TypeName}Input>(\"{entity.Route}\", new FileStore<{entity.TypeName}>(directory, \"{entity.Route}\"));"))
            .Set("page_sections", Lines(entities, entity => $"""
                  <h2>{CodeNames.Spaced(CodeNames.Pascal(entity.Route))}</h2>
                  <p><code>GET /{entity.Route}</code>, <code>POST /{entity.Route}</code>, <code>GET, PUT, DELETE /{entity.Route}/&#123;id&#125;</code></p>
                  <pre data-list="/{entity.Route}"></pre>
                """))
            .Set("examples", $"""
                    curl -H "Content-Type: application/json" -d '{EntitySamples.Valid(first).ToJsonString(s_readable)}' http://localhost:5000/{first.Route}
                    curl "http://localhost:5000/{first.Route}?page=1&pageSize=10"
                """)
            .Set("routes", Lines(entities, entity => $$"""
                | `POST /{{entity.Route}}` | 201 and the new {{entity.Words}} |
                | `GET /{{entity.Route}}` | `{"items": […], "page": 1, "pageSize": 20, "total": 0}` |
                | `GET /{{entity.Route}}/{id}`, `PUT /{{entity.Route}}/{id}` | the {{entity.Words}} |
                | `DELETE /{{entity.Route}}/{id}` | 204 |
                """))
            .Set("files", Lines(entities, entity => $"- `{files.Source}/{entity.TypeName}.cs`: what {CodeNames.WithArticle(entity.Words)} is: {string.Join(", ", entity.Fields.Select(field => field.Words))}"));
    }

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string FixtureFields = """
            private readonly string _directory = Directory.CreateTempSubdirectory("app-").FullName;
            private readonly WebApplication _app;

            public RunningApp() => _app = ResourceApp.Create(["--urls", "http://127.0.0.1:0", $"--{ResourceApp.DirectorySetting}={_directory}"]);

        """;

    private static string TitleOf(IReadOnlyList<Entity> entities) => $"{string.Join(" and ", entities.Select(entity => CodeNames.Pascal(entity.Route)))} API";

    private static string Lines(IEnumerable<Entity> entities, Func<Entity, string> write) => string.Join('\n', entities.Select(write));

    private static IEnumerable<string> GuessesOf(IReadOnlyList<Entity> entities) => entities
        .Where(entity => !entity.FieldsAreGiven)
        .Select(entity => $"The requirements name no fields of {entity.Route}; {string.Join(", ", entity.Fields.Select(field => field.Words))} were assumed.");

    private static IEnumerable<HttpProbe> Probes(Entity entity)
    {
        var one = $"/{entity.Route}/1";
        var valid = JsonPayload.From(EntitySamples.Valid(entity));
        var changed = JsonPayload.From(EntitySamples.Changed(entity));
        return
        [
            new HttpProbe { Name = $"creates {CodeNames.WithArticle(entity.Words)}", Method = "POST", Path = $"/{entity.Route}", Body = valid, Status = 201, Json = valid },
            new HttpProbe { Name = $"lists {entity.Route}", Path = $"/{entity.Route}?page=1&pageSize=10", Json = JsonPayload.From(new { page = 1, total = 1 }) },
            new HttpProbe { Name = $"replaces {CodeNames.WithArticle(entity.Words)}", Method = "PUT", Path = one, Body = changed, Json = changed },
            new HttpProbe { Name = $"reads {CodeNames.WithArticle(entity.Words)}", Path = one, Json = changed },
            new HttpProbe
            {
                Name = $"refuses an invalid {entity.Words}",
                Method = "POST",
                Path = $"/{entity.Route}",
                Body = JsonPayload.From(EntitySamples.Invalid(entity).Sent),
                Status = 400,
                Json = JsonPayload.From(new { title = "One or more validation errors occurred." }),
            },
            new HttpProbe { Name = $"deletes {CodeNames.WithArticle(entity.Words)}", Method = "DELETE", Path = one, Status = 204 },
            new HttpProbe { Name = $"misses a deleted {entity.Words}", Path = one, Status = 404, Json = JsonPayload.From(new { detail = $"There is nothing under {one}." }) },
        ];
    }
}
