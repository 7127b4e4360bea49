using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>An error of the HTTP API: problem details (RFC 9457), media type <c>application/problem+json</c>.</summary>
public sealed record ProblemResource
{
    /// <summary>What kind of problem; stable, for programs. See <see cref="ProblemTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>This occurrence, with field, value and remedy.</summary>
    public string? Detail { get; init; }

    /// <summary>The same as <see cref="Detail"/>, under the name that some clients read.</summary>
    public string? Error { get; init; }

    /// <summary>Everything that is wrong, one line each.</summary>
    public IReadOnlyList<string>? Details { get; init; }

    /// <summary>Everything that is wrong with a definition.</summary>
    public IReadOnlyList<DefinitionProblem>? Problems { get; init; }

    /// <summary>The question as it is now, when the decision about it is not possible. Null: it is about something else.</summary>
    public ApprovalResource? Approval { get; init; }

    /// <summary>The trace to search for, 32 hexadecimal digits.</summary>
    [JsonPropertyName("trace_id")]
    public string? TraceId { get; init; }
}

/// <summary>The stable values of a problem's type.</summary>
public static class ProblemTypes
{
    /// <summary>A field of the request is missing or wrong. 400.</summary>
    public const string InvalidRequest = "urn:stack:problem:invalid-request";

    /// <summary>The body is not JSON (or YAML). 400.</summary>
    public const string MalformedBody = "urn:stack:problem:malformed-body";

    /// <summary>The body is larger than allowed. 413.</summary>
    public const string BodyTooLarge = "urn:stack:problem:body-too-large";

    /// <summary>The definition has problems. 422.</summary>
    public const string InvalidDefinition = "urn:stack:problem:invalid-definition";

    /// <summary>No token, or a wrong one. 401.</summary>
    public const string Unauthorized = "urn:stack:problem:unauthorized";

    /// <summary>The token is good, but not for this. 403.</summary>
    public const string Forbidden = "urn:stack:problem:forbidden";

    /// <summary>There is no such thing. 404.</summary>
    public const string NotFound = "urn:stack:problem:not-found";

    /// <summary>It cannot be done in the state that the thing is in. 409.</summary>
    public const string Conflict = "urn:stack:problem:conflict";

    /// <summary>The idempotency key was used with another request. 422.</summary>
    public const string IdempotencyMismatch = "urn:stack:problem:idempotency-mismatch";

    /// <summary>Too much at once; see <c>Retry-After</c>. 429.</summary>
    public const string Overloaded = "urn:stack:problem:overloaded";

    /// <summary>Something that the orchestrator relies on is away; see <c>Retry-After</c>. 503.</summary>
    public const string Unavailable = "urn:stack:problem:unavailable";

    /// <summary>A defect of ours. 500.</summary>
    public const string Internal = "urn:stack:problem:internal";
}
