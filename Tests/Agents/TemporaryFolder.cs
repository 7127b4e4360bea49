
namespace Stack.Tests.Agents;

/// <summary>A folder that a test has for itself.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("stack-test-").FullName;

    public void Dispose() => Folders.Remove(Path);

    internal string At(string name) => System.IO.Path.Combine(Path, name);

    internal string Write(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), content);
        return At(name);
    }

    internal string WriteScript(string name, string content)
    {
        var path = Write(name, "#!/bin/sh\n" + content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
