using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>OTLP over HTTP, in protobuf. JSON is refused.</summary>
internal sealed class HttpReceiver(TelemetryIntake intake, ReceiverKey key)
{
    private const string Protobuf = "application/x-protobuf";

    internal void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/v1/traces", TelemetrySignal.Traces);
        Map(routes, "/v1/logs", TelemetrySignal.Logs);
        Map(routes, "/v1/metrics", TelemetrySignal.Metrics);
    }

    private void Map(IEndpointRouteBuilder routes, string path, TelemetrySignal signal) => routes.MapPost(path, context => ReceiveAsync(context, signal));

    private async Task ReceiveAsync(HttpContext context, TelemetrySignal signal)
    {
        var request = context.Request;
        if (!key.Allows(request))
        {
            await RefuseAsync(
                context, StatusCodes.Status401Unauthorized, GrpcStatus.Unauthenticated, $"Send the key of this run in the header {ReceiverKey.Header}; OTEL_EXPORTER_OTLP_HEADERS of every resource has it.");
        }
        else if (request.ContentType?.Split(';')[0].Trim() is var type && !string.Equals(type, Protobuf, StringComparison.OrdinalIgnoreCase))
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, GrpcStatus.InvalidArgument, $"'{type}' is not understood; send {Protobuf} (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf).");
        }
        else if (request.Headers.ContentEncoding.ToString() is not ("" or "identity" or "gzip") and var encoding)
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, GrpcStatus.Unimplemented, $"'{encoding}' is not understood; send gzip or nothing.");
        }
        else
        {
            await TakeAsync(context, signal);
        }
    }

    private async Task TakeAsync(HttpContext context, TelemetrySignal signal)
    {
        try
        {
            using var body = new RentedBytes();
            using var unpacked = new RentedBytes();
            var isWhole = await body.FillAsync(context.Request.Body, intake.LargestBytes, context.RequestAborted);
            var isPacked = context.Request.Headers.ContentEncoding == "gzip";
            if (!isWhole || (isPacked && !await unpacked.UnpackAsync(body.Memory, intake.LargestBytes, context.RequestAborted)))
            {
                await RefuseAsync(
                    context, StatusCodes.Status413PayloadTooLarge, GrpcStatus.ResourceExhausted, $"The request is larger than {intake.LargestBytes} bytes. Export smaller batches.");
                return;
            }
            var result = await intake.TakeAsync(signal, isPacked ? unpacked.Memory : body.Memory, context.RequestAborted);
            await AnswerAsync(context, StatusCodes.Status200OK, ExportAnswer.Of(result));
        }
        catch (MalformedTelemetryException failure)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, GrpcStatus.InvalidArgument, failure.Message);
        }
    }

    private Task RefuseAsync(HttpContext context, int code, GrpcStatus status, string message)
    {
        intake.CountRejected();
        return AnswerAsync(context, code, ExportAnswer.StatusOf(status, message));
    }

    private static async Task AnswerAsync(HttpContext context, int code, byte[] content)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = Protobuf;
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }
}
