using System.Buffers.Binary;

namespace Stack.Benchmarks.Floor;

/// <summary>Where a workflow of the floor is. It stands at the beginning of every message; the rest of one is only as long as the real one.</summary>
/// <param name="Workflow">The workflow.</param>
/// <param name="Number">How many of its stages are done.</param>
internal readonly record struct FloorStep(Guid Workflow, int Number)
{
    private const int Size = 20;

    public static FloorStep Read(ReadOnlySpan<byte> message) => new(new Guid(message[..16]), BinaryPrimitives.ReadInt32LittleEndian(message[16..]));

    /// <summary>The message of the real length.</summary>
    public byte[] ToMessage(int length)
    {
        var message = new byte[Math.Max(length, Size)];
        Workflow.TryWriteBytes(message);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(16), Number);
        message.AsSpan(Size).Fill((byte)'x');
        return message;
    }
}
