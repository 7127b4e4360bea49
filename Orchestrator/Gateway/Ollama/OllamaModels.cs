using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.OpenAi;
using Stack.Orchestrator.Gateway.Providers;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary>The models under Ollama's paths: <c>/api/tags</c>, <c>/api/ps</c>, <c>/api/show</c>, <c>/api/embed</c>, <c>/api/embeddings</c>, <c>/api/pull</c>, <c>/api/version</c>.</summary>
internal static class OllamaModels
{
    /// <summary>The version of Ollama whose protocol this is; clients compare it.</summary>
    public const string ProtocolVersion = "0.12.0";

    public static IResult Version() => TypedResults.Json(new JsonObject { ["version"] = ProtocolVersion });

    public static IResult Running() => TypedResults.Json(new JsonObject { ["models"] = new JsonArray() });

    public static async Task<IResult> TagsAsync(ProviderDirectory directory, CancellationToken cancellationToken)
    {
        var models = (await directory.ListAsync(cancellationToken)).Select(link => Tag(link.Model.Name, link.Provider.Entry.Name, link.Found));
        var aliases = directory.Configuration.Aliases.Keys.Order(StringComparer.Ordinal).Select(alias => Tag(alias, "alias", null));
        return TypedResults.Json(new JsonObject { ["models"] = new JsonArray([.. models.Concat(aliases)]) });
    }

    public static async Task<IResult> ShowAsync(HttpContext http, ProviderDirectory directory, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OllamaErrors.ReadAsync<OllamaModelRequest>(http.Request, cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        try
        {
            var chain = await directory.FindAsync(NameOf(request), cancellationToken);
            if (chain.Links is not [var link, ..])
            {
                throw new ModelFailure(FailureKind.ModelMissing, $"'{chain.Name}' has no model that is there now.");
            }

            var ability = await link.Provider.AbilityAsync(link.Model.ProviderModel, cancellationToken);
            var info = new JsonObject { ["general.architecture"] = "gateway" };
            if ((link.Model.ContextTokens ?? ability?.ContextTokens) is { } context)
            {
                info["gateway.context_length"] = context;
            }

            List<string> capabilities = ["completion"];
            if (ability?.Tools is not false || link.Provider.Entry.Kind is not ProviderKind.Builtin)
            {
                // On one rung of the ladder or another every model of a server can.
                capabilities.Add("tools");
            }

            return TypedResults.Json(new JsonObject
            {
                ["details"] = Details(link.Provider.Entry.Name, link.Found),
                ["model_info"] = info,
                ["capabilities"] = new JsonArray([.. capabilities.Union(ability?.Capabilities ?? []).Select(word => JsonValue.Create(word))]),
                ["template"] = "",
                ["parameters"] = "",
                ["modified_at"] = Time(link.Found),
            });
        }
        catch (ModelFailure failure)
        {
            return OllamaErrors.Of(failure);
        }
    }

    public static async Task<IResult> EmbedAsync(HttpContext http, ModelGateway gateway, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OllamaErrors.ReadAsync<OllamaEmbedRequest>(http.Request, cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        try
        {
            var isOlder = request.Prompt is not null && request.Input is null;
            var texts = isOlder ? [request.Prompt!] : Embeddings.InputOf(request.Input);
            var (vectors, _, tokens) = await gateway.EmbedAsync(request.Model ?? throw ModelFailure.Request("model is required: GET /api/tags lists the models", "model"), texts, request.Dimensions, CallOrigin.Of(http), cancellationToken);
            return isOlder
                ? TypedResults.Json(new JsonObject { ["embedding"] = Numbers(vectors.Items[0]) })
                : TypedResults.Json(new JsonObject { ["model"] = request.Model, ["embeddings"] = new JsonArray([.. vectors.Items.Select(Numbers)]), ["prompt_eval_count"] = tokens });
        }
        catch (ModelFailure failure)
        {
            return OllamaErrors.Of(failure);
        }
    }

    /// <summary>Lets the first Ollama server fetch a model; <c>PROVIDER/MODEL</c> names another one.</summary>
    public static async Task<IResult> PullAsync(HttpContext http, ProviderDirectory directory, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OllamaErrors.ReadAsync<OllamaModelRequest>(http.Request, cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        try
        {
            var name = NameOf(request);
            var servers = directory.All.Where(provider => provider.Provider is OllamaProvider).ToList();
            var named = servers.FirstOrDefault(server => name.StartsWith(server.Entry.Name + "/", StringComparison.Ordinal));
            var provider = named ?? servers.FirstOrDefault()
                ?? throw ModelFailure.Request("There is no Ollama server to pull with. Add a provider with 'kind: ollama' to the gateway's file.", "model");
            var model = named is null ? name : name[(named.Entry.Name.Length + 1)..];
            var progress = ((OllamaProvider)provider.Provider).PullAsync(model, cancellationToken).GetAsyncEnumerator(cancellationToken);
            return await FirstAsync(progress) ? new Progress(progress, provider, request.Stream is not false) : throw new ModelFailure(FailureKind.Cut, "The server said nothing.");
        }
        catch (ModelFailure failure)
        {
            return OllamaErrors.Of(failure);
        }
    }

    private static async Task<bool> FirstAsync(IAsyncEnumerator<JsonElement> progress)
    {
        try
        {
            return await progress.MoveNextAsync();
        }
        catch (Exception)
        {
            await progress.DisposeAsync();
            throw;
        }
    }

    private static string NameOf(OllamaModelRequest request) =>
        (request.Model ?? request.Name) is { Length: > 0 } name ? name : throw ModelFailure.Request("model is required: GET /api/tags lists the models", "model");

    private static JsonArray Numbers(float[] vector) => new([.. vector.Select(number => JsonValue.Create(number))]);

    private static JsonObject Tag(string name, string owner, FoundModel? found) => new()
    {
        ["name"] = name,
        ["model"] = name,
        ["modified_at"] = Time(found),
        ["size"] = found?.Size ?? 0,
        ["digest"] = found?.Digest ?? "",
        ["details"] = Details(owner, found),
    };

    private static JsonObject Details(string owner, FoundModel? found) => new()
    {
        ["parent_model"] = "",
        ["format"] = found?.Family is null ? owner : "gguf",
        ["family"] = found?.Family ?? owner,
        ["families"] = new JsonArray(found?.Family ?? owner),
        ["parameter_size"] = found?.Parameters ?? "",
        ["quantization_level"] = found?.Quantization ?? "",
    };

    private static string Time(FoundModel? found) => (found?.ModifiedAt ?? DateTimeOffset.UnixEpoch).ToString("O", CultureInfo.InvariantCulture);

    private sealed class Progress(IAsyncEnumerator<JsonElement> progress, ActiveProvider provider, bool inLines) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await using var reading = progress;
            var lines = inLines ? new LineWriter(httpContext) : null;
            try
            {
                do
                {
                    if (lines is not null)
                    {
                        await lines.WriteAsync(progress.Current);
                    }
                }
                while (await progress.MoveNextAsync());
                provider.Forget();
                if (lines is null)
                {
                    await httpContext.Response.WriteAsJsonAsync(new JsonObject { ["status"] = "success" }, httpContext.RequestAborted);
                }
            }
            catch (ModelFailure failure)
            {
                await (lines is null ? OllamaErrors.Of(failure).ExecuteAsync(httpContext) : lines.WriteAsync(OllamaErrors.Line(failure)));
            }
        }
    }
}
