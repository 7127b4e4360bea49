using System.Formats.Tar;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Packs the files that a resource wants in its container into an archive whose paths begin at the container's root.</summary>
internal static class ContainerFilesArchive
{
    private const UnixFileMode UsualUmask = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The archive; null when the resource wants no files.</summary>
    internal static async Task<byte[]?> PackAsync(IResource resource, IServiceProvider services, CancellationToken cancellationToken)
    {
        var wanted = resource.Annotations.OfType<ContainerFileSystemCallbackAnnotation>().ToArray();
        if (wanted.Length == 0)
        {
            return null;
        }
        using var bytes = new MemoryStream();
        await using (var archive = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var annotation in wanted)
            {
                var items = await annotation.Callback(new() { ServiceProvider = services, Model = resource }, cancellationToken);
                await AddAsync(archive, annotation.DestinationPath.Trim('/'), items, annotation, cancellationToken);
            }
        }
        return bytes.ToArray();
    }

    private static async Task AddAsync(
        TarWriter archive, string folder, IEnumerable<ContainerFileSystemItem> items, ContainerFileSystemCallbackAnnotation defaults, CancellationToken cancellationToken)
    {
        foreach (var item in items)
        {
            var path = folder.Length == 0 ? item.Name : $"{folder}/{item.Name}";
            if (item is ContainerDirectory directory)
            {
                await archive.WriteEntryAsync(Entry(new PaxTarEntry(TarEntryType.Directory, path), item, defaults, ReadWrite | Execute), cancellationToken);
                await AddAsync(archive, path, directory.Entries, defaults, cancellationToken);
            }
            else if (item is ContainerFileBase file && await ContentAsync(file, path, cancellationToken) is { } content)
            {
                var entry = Entry(new PaxTarEntry(TarEntryType.RegularFile, path), item, defaults, ReadWrite);
                entry.DataStream = new MemoryStream(content);
                await archive.WriteEntryAsync(entry, cancellationToken);
            }
        }
    }

    private static PaxTarEntry Entry(PaxTarEntry entry, ContainerFileSystemItem item, ContainerFileSystemCallbackAnnotation defaults, UnixFileMode usual)
    {
        entry.Uid = item.Owner ?? defaults.DefaultOwner ?? 0;
        entry.Gid = item.Group ?? defaults.DefaultGroup ?? 0;
        entry.Mode = item.Mode != UnixFileMode.None ? item.Mode : usual & ~(defaults.Umask ?? UsualUmask);
        return entry;
    }

    private static async Task<byte[]?> ContentAsync(ContainerFileBase file, string path, CancellationToken cancellationToken)
    {
        if (file.SourcePath is not { } source)
        {
            return Encoding.UTF8.GetBytes(file.Contents ?? "");
        }
        try
        {
            return await File.ReadAllBytesAsync(source, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return file.ContinueOnError == true ? null : throw new DistributedApplicationException($"The file for /{path} of a container cannot be read: {failure.Message}", failure);
        }
    }
}
