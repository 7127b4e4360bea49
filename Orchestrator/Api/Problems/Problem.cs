using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Problems;

/// <summary>An error as an answer: problem details (RFC 9457) with a stable type.</summary>
internal sealed class Problem : IResult, IStatusCodeHttpResult
{
    private const string MediaType = "application/problem+json";

    private static readonly Dictionary<string, (int Status, string Title)> Kinds = new(StringComparer.Ordinal)
    {
        [ProblemTypes.InvalidRequest] = (400, "The request is not valid."),
        [ProblemTypes.MalformedBody] = (400, "The body cannot be read."),
        [ProblemTypes.BodyTooLarge] = (413, "The body is too large."),
        [ProblemTypes.InvalidDefinition] = (422, "The definition has problems."),
        [ProblemTypes.Unauthorized] = (401, "A valid token is needed."),
        [ProblemTypes.Forbidden] = (403, "This is not allowed."),
        [ProblemTypes.NotFound] = (404, "There is no such thing."),
        [ProblemTypes.Conflict] = (409, "It cannot be done now."),
        [ProblemTypes.IdempotencyMismatch] = (422, "The idempotency key was used with another request."),
        [ProblemTypes.Overloaded] = (429, "Too much at once."),
        [ProblemTypes.Unavailable] = (503, "Not available now."),
        [ProblemTypes.Internal] = (500, "A defect of the orchestrator."),
    };

    // Quotes stay quotes: people read problems in terminals, and no page is ever made of one.
    private static readonly JsonSerializerOptions Readable = new(StackJson.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ProblemResource _resource;
    private readonly TimeSpan? _retryAfter;

    private Problem(ProblemResource resource, TimeSpan? retryAfter) => (_resource, _retryAfter) = (resource, retryAfter);

    public int Status => _resource.Status;

    int? IStatusCodeHttpResult.StatusCode => _resource.Status;

    /// <summary>A problem of a type.</summary>
    /// <param name="type">One of <see cref="ProblemTypes"/>.</param>
    /// <param name="detail">What happened, with field and value.</param>
    /// <param name="remedy">What to do about it. Null: the detail says so.</param>
    public static Problem Of(string type, string? detail, string? remedy = null) => Of(type, Kinds[type].Status, detail, remedy);

    /// <summary>A problem of a type whose status differs from the type's own, for example 405.</summary>
    public static Problem Of(string type, int status, string? detail, string? remedy = null)
    {
        var text = remedy is null ? detail : $"{detail} {remedy}";
        return new(new ProblemResource { Type = type, Title = Kinds[type].Title, Status = status, Detail = text, Error = text }, null);
    }

    /// <summary>Several things that are wrong with a request.</summary>
    /// <param name="details">One sentence each.</param>
    public static Problem Invalid(IReadOnlyList<string> details) =>
        new(Of(ProblemTypes.InvalidRequest, string.Join(' ', details))._resource with { Details = details }, null);

    /// <summary>Everything that is wrong with a definition.</summary>
    /// <param name="problems">The problems.</param>
    public static Problem Definition(IReadOnlyList<DefinitionProblem> problems)
    {
        var lines = problems.Select(problem => problem.ToString()).ToList();
        var detail = problems.Count == 1 ? lines[0] : string.Create(CultureInfo.InvariantCulture, $"{problems.Count} problems. The first: {lines[0]}");
        return new(Of(ProblemTypes.InvalidDefinition, detail)._resource with { Details = lines, Problems = problems }, null);
    }

    /// <summary>Try again later.</summary>
    /// <param name="type">Overloaded or unavailable.</param>
    /// <param name="detail">Why.</param>
    /// <param name="retryAfter">When.</param>
    public static Problem Later(string type, string detail, TimeSpan retryAfter) => new(Of(type, detail)._resource, retryAfter);

    /// <summary>There is no such thing.</summary>
    /// <param name="what">What kind of thing, for example <c>workflow</c>.</param>
    /// <param name="id">Which.</param>
    /// <param name="remedy">Where to look.</param>
    public static Problem NotFound(string what, string id, string? remedy = null) => Of(ProblemTypes.NotFound, $"There is no {what} '{id}'.", remedy);

    /// <summary>The problem with what is true now of a question.</summary>
    /// <param name="approval">The question.</param>
    public Problem With(ApprovalResource approval) => new(_resource with { Approval = approval }, _retryAfter);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _resource.Status;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (_retryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (httpContext.GetEndpoint()?.Metadata.GetMetadata<ErrorShape>() is { } shape)
        {
            await shape.WriteAsync(httpContext, _resource.Status, _resource.Detail ?? _resource.Title);
            return;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(_resource with { TraceId = Activity.Current?.TraceId.ToString() }, Readable);
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
