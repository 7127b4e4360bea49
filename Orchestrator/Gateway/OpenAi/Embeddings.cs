using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class Embeddings
{
    private const int MostTexts = 2048;

    public static async Task<IResult> AnswerAsync(HttpContext http, ModelGateway gateway, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OpenAiErrors.ReadAsync<EmbeddingRequest>(http.Request, "an embedding request", cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        try
        {
            if (request.Model is not { Length: > 0 } model)
            {
                throw ModelFailure.Request("'model' is missing. GET /v1/models lists the models.", "model");
            }

            if (request.EncodingFormat is not (null or "float" or "base64"))
            {
                throw ModelFailure.Request($"'encoding_format' is '{request.EncodingFormat}'. Write float or base64.", "encoding_format");
            }

            var (vectors, link, tokens) = await gateway.EmbedAsync(model, InputOf(request.Input), request.Dimensions, CallOrigin.Of(http), cancellationToken);
            var isBase64 = request.EncodingFormat is "base64";
            return TypedResults.Json(new JsonObject
            {
                ["object"] = "list",
                ["model"] = link.Model.Name,
                ["data"] = new JsonArray([.. vectors.Items.Select((vector, index) => new JsonObject
                {
                    ["object"] = "embedding",
                    ["index"] = index,
                    ["embedding"] = isBase64 ? JsonValue.Create(Base64(vector)) : new JsonArray([.. vector.Select(number => JsonValue.Create(number))]),
                })]),
                ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
            });
        }
        catch (ModelFailure failure)
        {
            return OpenAiErrors.Of(failure);
        }
    }

    /// <summary>The texts of a request.</summary>
    public static IReadOnlyList<string> InputOf(JsonElement? input)
    {
        var texts = ChatReader.TextsOf(input, "input");
        return texts.Count is > 0 and <= MostTexts
            ? texts
            : throw ModelFailure.Request(texts.Count == 0 ? "'input' is missing or empty. Send a text or a list of texts." : $"'input' has {texts.Count} texts; send {MostTexts} at most.", "input");
    }

    private static string Base64(float[] vector)
    {
        var bytes = new byte[vector.Length * sizeof(float)];
        for (var i = 0; i < vector.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        }

        return Convert.ToBase64String(bytes);
    }
}

/// <summary>Texts to turn into vectors: the part of OpenAI's request that the gateway reads.</summary>
internal sealed record EmbeddingRequest
{
    /// <summary>The model, or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>A text or a list of texts.</summary>
    public JsonElement? Input { get; init; }

    /// <summary><c>float</c> or <c>base64</c> (of 32-bit little-endian floats).</summary>
    public string? EncodingFormat { get; init; }

    /// <summary>The length of the vectors.</summary>
    public int? Dimensions { get; init; }
}
