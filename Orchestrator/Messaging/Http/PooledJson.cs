using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Stack.Messaging.Http;

/// <summary>A JSON body in a buffer from the pool, with its length known, that can be sent more than once.</summary>
internal sealed class PooledJson : IBufferWriter<byte>
{
    private const int FirstSize = 4_096;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _length;

    private PooledJson()
    {
    }

    /// <summary>The JSON text.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Serializes a value.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="value">The value.</param>
    /// <param name="type">Its generated serializer.</param>
    public static PooledJson From<T>(T value, JsonTypeInfo<T> type)
    {
        var json = new PooledJson();
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true });
        JsonSerializer.Serialize(writer, value, type);
        return json;
    }

    /// <summary>Gives the buffer back. Call it only when nobody can still be sending it: after a whole answer came. Without it the buffer is left to the collector.</summary>
    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    /// <inheritdoc />
    public void Advance(int count) => _length += count;

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_length);
    }

    private void Reserve(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _length >= needed)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + needed));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
