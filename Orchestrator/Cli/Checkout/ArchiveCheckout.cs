using System.Formats.Tar;
using System.IO.Compression;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Writes a workflow's files from the archive, for machines without git.</summary>
internal static class ArchiveCheckout
{
    /// <summary>Unpacks the newest files into a folder. Entries that would leave it are refused.</summary>
    public static async Task ExtractAsync(Session session, WorkflowId id, string folder, CancellationToken cancellationToken)
    {
        using var response = await session.Api.OpenArchiveAsync(id, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var tar = new GZipStream(body, CompressionMode.Decompress);
        Directory.CreateDirectory(folder);
        await TarFile.ExtractToDirectoryAsync(tar, folder, overwriteFiles: false, cancellationToken);
    }
}
