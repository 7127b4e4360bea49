using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>What an entry of the journal is. The numbers are in the files.</summary>
internal enum JournalEntryKind : byte
{
    /// <summary>An export request, as it came.</summary>
    Request = 1,

    /// <summary>Everything before it, of one resource or of all, was cleared.</summary>
    Clear = 2,
}

/// <summary>The content of an entry that clears: the resource's name, or nothing for all.</summary>
internal static class JournalEntry
{
    internal static byte[] ClearOf(string? resource) => Encoding.UTF8.GetBytes(resource ?? "");

    internal static string? ResourceOf(ReadOnlySpan<byte> content) => content.IsEmpty ? null : Encoding.UTF8.GetString(content);
}
