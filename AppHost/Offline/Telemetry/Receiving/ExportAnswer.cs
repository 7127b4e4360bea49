using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Writes what receivers answer, in protobuf.</summary>
internal static class ExportAnswer
{
    private const int FieldOne = (1 << 3) | 2;
    private const int FieldTwo = (2 << 3) | 2;
    private const int FieldOneNumber = 1 << 3;

    /// <summary>An Export…ServiceResponse: empty, or how many records were rejected and why. All three are alike.</summary>
    internal static byte[] Of(IngestResult result)
    {
        if (result.Rejected == 0)
        {
            return [];
        }
        return Message(FieldOne, NumberAndText(result.Rejected, result.Reason ?? ""));
    }

    /// <summary>A google.rpc.Status.</summary>
    internal static byte[] StatusOf(GrpcStatus status, string message) => NumberAndText((long)status, message);

    private static byte[] NumberAndText(long number, string text)
    {
        var writer = new ByteWriter();
        writer.Varint(FieldOneNumber);
        writer.Varint((ulong)number);
        writer.Bytes(Message(FieldTwo, Encoding.UTF8.GetBytes(text)));
        return writer.Written.ToArray();
    }

    private static byte[] Message(int tag, ReadOnlySpan<byte> content)
    {
        var writer = new ByteWriter();
        writer.Varint((ulong)tag);
        writer.Varint((ulong)content.Length);
        writer.Bytes(content);
        return writer.Written.ToArray();
    }
}

/// <summary>The status codes of gRPC that receivers answer with.</summary>
internal enum GrpcStatus
{
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unauthenticated = 16,
}
