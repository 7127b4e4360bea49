namespace Aspire.Hosting.ApplicationModel;

/// <summary>A file or folder that is put into a container before it starts.</summary>
public abstract class ContainerFileSystemItem
{
    /// <summary>Its name, without a path.</summary>
    public string Name
    {
        get;
        set => field = value is { Length: > 0 } && value is not ("." or "..") && !value.Contains('/') && !value.Contains('\\')
            ? value
            : throw new ArgumentException($"'{value}' is not the name of a file or folder: a path goes into ContainerDirectory entries.", nameof(value));
    } = "";

    /// <summary>The id of the user it belongs to; null means the default of the call.</summary>
    public int? Owner { get; set; }

    /// <summary>The id of the group it belongs to; null means the default of the call.</summary>
    public int? Group { get; set; }

    /// <summary>Who may do what; 0 means what the umask leaves.</summary>
    public UnixFileMode Mode { get; set; }
}

/// <summary>A file whose content is said or taken from this machine.</summary>
public abstract class ContainerFileBase : ContainerFileSystemItem
{
    /// <summary>The content; null when it is taken from <see cref="SourcePath"/>.</summary>
    public string? Contents { get; set; }

    /// <summary>The file of this machine whose content it has; null when <see cref="Contents"/> says it.</summary>
    public string? SourcePath { get; set; }

    /// <summary>Whether the container starts without the file when its source cannot be read.</summary>
    /// <value>Default false.</value>
    public bool? ContinueOnError { get; set; }
}

/// <summary>A file.</summary>
public sealed class ContainerFile : ContainerFileBase;

/// <summary>A folder.</summary>
public sealed class ContainerDirectory : ContainerFileSystemItem
{
    /// <summary>What is in it.</summary>
    public IEnumerable<ContainerFileSystemItem> Entries { get; set; } = [];

    /// <summary>Files and folders of this machine as entries.</summary>
    public static IEnumerable<ContainerFileSystemItem> GetFileSystemItemsFromPath(
        string path, string searchPattern = "*", SearchOption searchOptions = SearchOption.TopDirectoryOnly, Action<ContainerFileSystemItem>? updateItem = null)
    {
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            return [Updated(new ContainerFile { Name = Path.GetFileName(full), SourcePath = full }, updateItem)];
        }
        var items = Directory.GetFiles(full, searchPattern).Order(StringComparer.Ordinal)
            .Select(file => Updated(new ContainerFile { Name = Path.GetFileName(file), SourcePath = file }, updateItem)).ToList();
        if (searchOptions == SearchOption.AllDirectories)
        {
            items.AddRange(Directory.GetDirectories(full).Order(StringComparer.Ordinal).Select(folder => Updated(
                new ContainerDirectory { Name = Path.GetFileName(folder), Entries = [.. GetFileSystemItemsFromPath(folder, searchPattern, searchOptions, updateItem)] }, updateItem)));
        }
        return items;
    }

    private static ContainerFileSystemItem Updated(ContainerFileSystemItem item, Action<ContainerFileSystemItem>? update)
    {
        update?.Invoke(item);
        return item;
    }
}

/// <summary>Files that are put into the container before it starts.</summary>
public sealed class ContainerFileSystemCallbackAnnotation : IResourceAnnotation
{
    /// <summary>The folder of the container they are put into.</summary>
    public required string DestinationPath { get; init; }

    /// <summary>The id of the user they belong to unless they say otherwise; null means root.</summary>
    public int? DefaultOwner { get; init; }

    /// <summary>The id of the group they belong to unless they say otherwise; null means root.</summary>
    public int? DefaultGroup { get; init; }

    /// <summary>What nobody may do unless they say otherwise; null means 022.</summary>
    public UnixFileMode? Umask { get; set; }

    /// <summary>Makes them.</summary>
    public required Func<ContainerFileSystemCallbackContext, CancellationToken, Task<IEnumerable<ContainerFileSystemItem>>> Callback { get; init; }
}

/// <summary>Who wants the files.</summary>
public sealed class ContainerFileSystemCallbackContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The resource.</summary>
    public required IResource Model { get; init; }
}
