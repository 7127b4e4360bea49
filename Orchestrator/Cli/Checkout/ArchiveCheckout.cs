using System.Formats.Tar;
using System.IO.Compression;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Writes a workflow's files from the archive, for machines without git.</summary>
internal static class ArchiveCheckout
{
    /// <summary>Unpacks the files at a commit into a new folder. Entries that would leave it are refused.</summary>
    public static async Task ExtractAsync(Session session, WorkflowId id, string commit, string folder, CancellationToken cancellationToken)
    {
        // Beside the target, so that moving is renaming, and so that an interrupted download leaves no half of it.
        var unpacked = Directory.CreateDirectory($"{folder}.{Path.GetRandomFileName()}.part");
        try
        {
            using (var response = await session.Api.OpenArchiveAsync(id, commit, cancellationToken))
            await using (var body = await response.Content.ReadAsStreamAsync(cancellationToken))
            await using (var tar = new GZipStream(body, CompressionMode.Decompress))
            {
                await UnpackAsync(session, tar, unpacked.FullName, cancellationToken);
            }

            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }

            Directory.Move(FilesIn(unpacked, id), folder);
        }
        finally
        {
            unpacked.Refresh();
            if (unpacked.Exists)
            {
                Directory.Delete(unpacked.FullName, recursive: true);
            }
        }
    }

    private static async Task UnpackAsync(Session session, Stream tar, string folder, CancellationToken cancellationToken)
    {
        try
        {
            await TarFile.ExtractToDirectoryAsync(tar, folder, overwriteFiles: true, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw new ServerUnreachableException(session.Api.Server, $"its archive cannot be unpacked ({failure.Message.TrimEnd('.')})", failure);
        }
    }

    /// <summary>Archives hold their files in one folder that is named for the workflow.</summary>
    private static string FilesIn(DirectoryInfo unpacked, WorkflowId id) =>
        unpacked.GetFileSystemInfos() is [DirectoryInfo inner] && inner.Name.StartsWith(id.ToString(), StringComparison.Ordinal) ? inner.FullName : unpacked.FullName;
}
