using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Offline;

/// <summary>Writes what the control endpoint answers: JSON in snake_case, refusals as problem details (RFC 9457).</summary>
internal static class ControlAnswer
{
    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    internal static async Task WriteAsync<T>(HttpContext context, int status, Func<CancellationToken, Task<T>> answer) => await WriteAsync(context, status, await answer(context.RequestAborted));

    internal static async Task WriteAsync<T>(HttpContext context, int status, T answer, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, Json, context.RequestAborted);
    }

    internal static Task RefuseAsync(HttpContext context, int status, string type, string detail) =>
        WriteAsync(context, status, new Problem($"urn:stack:host:{type}", type.Replace('-', ' '), status, detail), "application/problem+json");

    private sealed record Problem(string Type, string Title, int Status, string Detail);
}
