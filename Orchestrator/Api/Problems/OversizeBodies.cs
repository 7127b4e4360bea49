using System.Buffers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Stack.Orchestrator.Api.Problems;

/// <summary>
/// Refuses a body whose announced length is over the route's limit. The body is read and dropped first, up to a bound: a client that still writes
/// when the connection closes never sees the answer. One that asks first (<c>Expect: 100-continue</c>) is told at once.
/// </summary>
internal sealed class OversizeBodies(RequestDelegate next)
{
    private const long MaxDrainedBytes = 64L * 1024 * 1024;

    public async Task InvokeAsync(HttpContext context)
    {
        var feature = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var limit = context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is { } own ? own.MaxRequestBodySize : feature?.MaxRequestBodySize;
        if (limit is null || context.Request.ContentLength is not { } length || length <= limit)
        {
            await next(context);
            return;
        }

        var problem = Boundary.TooLarge(context);
        var asksFirst = context.Request.Headers.Expect.Count > 0;
        if (!asksFirst && feature is { IsReadOnly: false } && length <= MaxDrainedBytes)
        {
            feature.MaxRequestBodySize = null;
            await DrainAsync(context.Request.Body, context.RequestAborted);
        }

        await problem.ExecuteAsync(context);
    }

    private static async Task DrainAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (await body.ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
