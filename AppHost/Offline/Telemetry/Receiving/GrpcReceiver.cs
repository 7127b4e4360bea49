using System.Buffers.Binary;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.Hosting.Offline;

/// <summary>
/// OTLP over gRPC: three unary calls, framed here. A message has a prefix of five bytes (whether it is packed, and its length); the outcome is in the trailers, or in the
/// headers when there is no message. A deadline that the caller names is not watched: the call takes no time.
/// </summary>
internal sealed class GrpcReceiver(TelemetryIntake intake, ReceiverKey key)
{
    private const int PrefixLength = 5;
    private const string ContentType = "application/grpc";
    private const string StatusTrailer = "grpc-status";
    private const string MessageTrailer = "grpc-message";
    private const string EncodingHeader = "grpc-encoding";
    private const string AcceptedEncodingsHeader = "grpc-accept-encoding";

    internal void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", TelemetrySignal.Traces);
        Map(routes, "/opentelemetry.proto.collector.logs.v1.LogsService/Export", TelemetrySignal.Logs);
        Map(routes, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", TelemetrySignal.Metrics);
    }

    internal static bool IsCall(HttpRequest request) =>
        HttpProtocol.IsHttp2(request.Protocol) && request.ContentType is { } type && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';');

    /// <summary>Answers without a message.</summary>
    internal static Task RefuseAsync(HttpContext context, GrpcStatus status, string message)
    {
        context.Response.ContentType = ContentType;
        context.Response.Headers[StatusTrailer] = ((int)status).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[MessageTrailer] = Uri.EscapeDataString(message);
        return Task.CompletedTask;
    }

    private void Map(IEndpointRouteBuilder routes, string path, TelemetrySignal signal) => routes.MapPost(path, context => ReceiveAsync(context, signal));

    private async Task ReceiveAsync(HttpContext context, TelemetrySignal signal)
    {
        if (!IsCall(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        context.Response.Headers[AcceptedEncodingsHeader] = "identity,gzip";
        if (!key.Allows(context.Request))
        {
            intake.CountRejected();
            await RefuseAsync(context, GrpcStatus.Unauthenticated, $"Send the key of this run in the header {ReceiverKey.Header}; OTEL_EXPORTER_OTLP_HEADERS of every resource has it.");
            return;
        }
        try
        {
            using var body = new RentedBytes();
            var isWhole = await body.FillAsync(context.Request.Body, intake.LargestBytes + PrefixLength, context.RequestAborted);
            var result = await TakeAsync(context, signal, body, isWhole);
            await AnswerAsync(context, ExportAnswer.Of(result));
        }
        catch (GrpcRefusal refusal)
        {
            intake.CountRejected();
            await RefuseAsync(context, refusal.Status, refusal.Message);
        }
        catch (MalformedTelemetryException failure)
        {
            intake.CountRejected();
            await RefuseAsync(context, GrpcStatus.InvalidArgument, failure.Message);
        }
    }

    private async Task<IngestResult> TakeAsync(HttpContext context, TelemetrySignal signal, RentedBytes body, bool isWhole)
    {
        var message = Message(body, isWhole, out var isPacked);
        if (!isPacked)
        {
            return await intake.TakeAsync(signal, message, context.RequestAborted);
        }
        if (context.Request.Headers[EncodingHeader].ToString() is var encoding && encoding != "gzip")
        {
            throw encoding.Length == 0
                ? new GrpcRefusal(GrpcStatus.Internal, $"A packed message without {EncodingHeader}.")
                : new GrpcRefusal(GrpcStatus.Unimplemented, $"'{encoding}' is not understood; send gzip or nothing.");
        }
        using var unpacked = new RentedBytes();
        if (!await unpacked.UnpackAsync(message, intake.LargestBytes, context.RequestAborted))
        {
            throw TooLarge();
        }
        return await intake.TakeAsync(signal, unpacked.Memory, context.RequestAborted);
    }

    private ReadOnlyMemory<byte> Message(RentedBytes body, bool isWhole, out bool isPacked)
    {
        var bytes = body.Memory;
        if (bytes.Length < PrefixLength)
        {
            throw new GrpcRefusal(GrpcStatus.Internal, "The call has no message.");
        }
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[1..]);
        if (!isWhole || length > (uint)intake.LargestBytes)
        {
            throw TooLarge();
        }
        isPacked = bytes.Span[0] switch { 0 => false, 1 => true, _ => throw new GrpcRefusal(GrpcStatus.Internal, "The message's prefix is none.") };
        return length == bytes.Length - PrefixLength
            ? bytes[PrefixLength..]
            : throw new GrpcRefusal(GrpcStatus.Internal, $"The message has {bytes.Length - PrefixLength} bytes and not the {length} of its prefix.");
    }

    private GrpcRefusal TooLarge() => new(GrpcStatus.ResourceExhausted, $"The message is larger than {intake.LargestBytes} bytes. Export smaller batches.");

    private static async Task AnswerAsync(HttpContext context, byte[] message)
    {
        context.Response.ContentType = ContentType;
        var framed = new byte[PrefixLength + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)message.Length);
        message.CopyTo(framed.AsSpan(PrefixLength));
        await context.Response.Body.WriteAsync(framed, context.RequestAborted);
        context.Response.AppendTrailer(StatusTrailer, "0");
    }

    private sealed class GrpcRefusal(GrpcStatus status, string message) : Exception(message)
    {
        internal GrpcStatus Status => status;
    }
}
