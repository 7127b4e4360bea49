using System.Net;
using System.Text;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>Reads answers and says what stood in those that are not as wanted.</summary>
internal static class Answers
{
    /// <summary>The problem of an answer. It must be one, with this status and this type, and its detail must be repeated in <c>error</c>.</summary>
    public static async Task<ProblemResource> ProblemAsync(this Task<HttpResponseMessage> call, HttpStatusCode status, string type)
    {
        using var answer = await call;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<ProblemResource>(text, StackJson.Options)!;
        Assert.Equal(type, problem.Type);
        Assert.Equal((int)status, problem.Status);
        Assert.Equal(problem.Detail, problem.Error);
        Assert.Matches("^[0-9a-f]{32}$", problem.TraceId);
        Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        return problem;
    }

    /// <summary>The value of an answer, which must have this status.</summary>
    public static async Task<T> ValueAsync<T>(this Task<HttpResponseMessage> call, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await call;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<T>(text, StackJson.Options)!;
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public static StringContent Yaml(string text) => new(text, Encoding.UTF8, "application/yaml");

    public static StringContent Of<T>(T value) => Json(JsonSerializer.Serialize(value, StackJson.Options));
}
