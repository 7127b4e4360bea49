using System.Buffers.Binary;
using System.Numerics;

namespace Aspire.Hosting.Offline;

/// <summary>The hash XXH32 of Yann Collet's specification, with seed 0: Aspire names conditional values of a manifest by it.</summary>
internal static class XxHash32
{
    private const uint Prime1 = 2654435761;
    private const uint Prime2 = 2246822519;
    private const uint Prime3 = 3266489917;
    private const uint Prime4 = 668265263;
    private const uint Prime5 = 374761393;
    private const int Stripe = 16;

    internal static uint Hash(ReadOnlySpan<byte> bytes)
    {
        var length = (uint)bytes.Length;
        uint hash;
        if (bytes.Length >= Stripe)
        {
            var (first, second, third, fourth) = (unchecked(Prime1 + Prime2), Prime2, 0u, unchecked(0 - Prime1));
            for (; bytes.Length >= Stripe; bytes = bytes[Stripe..])
            {
                first = Round(first, bytes);
                second = Round(second, bytes[4..]);
                third = Round(third, bytes[8..]);
                fourth = Round(fourth, bytes[12..]);
            }
            hash = unchecked(BitOperations.RotateLeft(first, 1) + BitOperations.RotateLeft(second, 7) + BitOperations.RotateLeft(third, 12) + BitOperations.RotateLeft(fourth, 18));
        }
        else
        {
            hash = Prime5;
        }
        return Finish(unchecked(hash + length), bytes);
    }

    private static uint Round(uint lane, ReadOnlySpan<byte> bytes) =>
        unchecked(BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Prime2), 13) * Prime1);

    private static uint Finish(uint hash, ReadOnlySpan<byte> rest)
    {
        unchecked
        {
            for (; rest.Length >= 4; rest = rest[4..])
            {
                hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime3), 17) * Prime4;
            }
            foreach (var one in rest)
            {
                hash = BitOperations.RotateLeft(hash + (one * Prime5), 11) * Prime1;
            }
            hash = (hash ^ (hash >> 15)) * Prime2;
            hash = (hash ^ (hash >> 13)) * Prime3;
            return hash ^ (hash >> 16);
        }
    }
}
