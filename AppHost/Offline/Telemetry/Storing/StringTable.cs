using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Strings that many records share, by number. A value gets a number when it is seen for the second time, so that ids, which come once, do not fill the table;
/// what finds no place any more is kept in its record. Not thread-safe: it belongs to the store, under its lock.
/// </summary>
internal sealed class StringTable(int capacity = 16_384)
{
    private const int LongestShared = 128;
    private const int SeenSlots = 8_192;

    private readonly Dictionary<byte[], int> numbers = new(BytesComparer.Instance);
    private readonly List<string> texts = [];
    private readonly int[] seenOnce = new int[SeenSlots];

    internal int Count => texts.Count;

    internal string this[int number] => texts[number];

    /// <summary>The number of a text that is certainly seen again: a key, or a name. Null when there is no place.</summary>
    internal int? ShareKey(ReadOnlySpan<byte> utf8) => Find(utf8, out var number) ? number : Add(utf8);

    /// <summary>The number of a text that may be seen again. Null the first time.</summary>
    internal int? ShareValue(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestShared)
        {
            return null;
        }
        if (Find(utf8, out var number))
        {
            return number;
        }
        var hash = BytesComparer.Instance.GetHashCode(utf8);
        ref var slot = ref seenOnce[(uint)hash % SeenSlots];
        if (slot == hash)
        {
            return Add(utf8);
        }
        slot = hash;
        return null;
    }

    private bool Find(ReadOnlySpan<byte> utf8, out int number) => numbers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(utf8, out number);

    private int? Add(ReadOnlySpan<byte> utf8)
    {
        if (texts.Count == capacity || utf8.Length > LongestShared)
        {
            return null;
        }
        numbers.Add(utf8.ToArray(), texts.Count);
        texts.Add(Encoding.UTF8.GetString(utf8));
        return texts.Count - 1;
    }
}
