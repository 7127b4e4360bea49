namespace Aspire.Hosting.Offline;

/// <summary>
/// The newest entries, by a number that only grows; when it is full the oldest one goes. Memory is taken in pieces as entries come. Not thread-safe.
/// </summary>
internal sealed class Ring<T>(int capacity) where T : struct
{
    private const int PieceLength = 4_096;

    private readonly T[]?[] pieces = new T[(capacity / PieceLength) + 1][];

    /// <summary>The number of the oldest entry; equal to <see cref="Next"/> when there is none.</summary>
    internal long First { get; private set; }

    /// <summary>The number that the next entry gets.</summary>
    internal long Next { get; private set; }

    internal int Capacity => capacity;

    internal bool IsFull => Next - First == capacity;

    internal ref T this[long number]
    {
        get
        {
            if (!Has(number))
            {
                throw new ArgumentOutOfRangeException(nameof(number), number, $"The ring has {First} to {Next - 1}.");
            }
            var (piece, index) = Math.DivRem((int)(number % (pieces.Length * PieceLength)), PieceLength);
            return ref pieces[piece]![index];
        }
    }

    internal bool Has(long number) => number >= First && number < Next;

    /// <summary>Adds one at the end. The caller makes room first.</summary>
    internal long Add(in T entry)
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"The ring has its {capacity} entries.");
        }
        var (piece, index) = Math.DivRem((int)(Next % (pieces.Length * PieceLength)), PieceLength);
        (pieces[piece] ??= new T[PieceLength])[index] = entry;
        return Next++;
    }

    /// <summary>Drops the oldest one, and what it refers to.</summary>
    internal void DropFirst()
    {
        this[First] = default;
        First++;
    }

    /// <summary>Drops all; numbers go on.</summary>
    internal void Clear()
    {
        Array.Clear(pieces);
        First = Next;
    }
}
