namespace Stack.Tests.AppHost.Offline;

/// <summary>A directory of a test, gone with it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("stack-apphost-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        // Where a host that is root let its servers keep their data.
        if (Directory.Exists(File("servers")) && new DirectoryInfo(File("servers")).ResolveLinkTarget(returnFinalTarget: true) is { } outside)
        {
            Directory.Delete(outside.FullName, recursive: true);
        }
        Directory.Delete(Path, recursive: true);
    }
}
