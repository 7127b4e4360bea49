using Microsoft.AspNetCore.Http.Metadata;

namespace Stack.Orchestrator.Api.Problems;

/// <summary>The largest body of a route, where it differs from the general one.</summary>
/// <param name="MaxRequestBodySize">Bytes. Null: not limited here.</param>
internal sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;

/// <summary>Names the limits of routes.</summary>
internal static class BodyLimitConventions
{
    public static TBuilder LimitBody<TBuilder>(this TBuilder builder, long? bytes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new BodyLimit(bytes));
}
