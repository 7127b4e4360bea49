using Aspire.Hosting;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Processes;

public sealed class ProgramSearchTests : IDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead;
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    private readonly TemporaryDirectory machine = new();

    [Fact]
    public void Find_ProgramInTwoFoldersOfThePath_IsTheFirst()
    {
        var first = Install("first/tool");
        Install("second/tool");

        Assert.Equal(first, Search("first", "second").Find("tool"));
    }

    [Fact]
    public void Find_FileThatCannotBeRun_IsPassedOver()
    {
        Install("first/tool", Readable);
        var second = Install("second/tool");

        Assert.Equal(second, Search("first", "second").Find("tool"));
    }

    [Fact]
    public void Find_NotOnThePath_IsLookedForInTheFoldersOfPackages()
    {
        var newest = Install("usr/lib/server/16/bin/tool");
        Install("usr/lib/server/15/bin/tool");
        var search = Search("empty");

        Assert.Null(search.Find("tool"));
        Assert.Equal(newest, search.Find("tool", "opt/bin", "usr/lib/server/*/bin"));
        Assert.Equal(2, search.FindAll("tool", ["usr/lib/server/*/bin"]).Count());
    }

    [Fact]
    public void FindIn_ProgramOnThePath_IsNotMeant()
    {
        Install("first/tool");

        Assert.Empty(Search("first").FindIn("tool", ["usr/bin"]));
    }

    [Fact]
    public void Locate_Path_IsRelativeToTheFolderAndNotLookedUp()
    {
        var own = Install("work/bin/tool");
        Install("first/bin/tool");

        Assert.Equal(own, Search("first").Locate("bin/tool", machine.File("work")));
        Assert.Equal(own, Search("first").Locate(own, "/"));
        Assert.Null(Search("first").Locate("./tool", machine.File("work")));
    }

    [Fact]
    public void Require_ProgramIsNowhere_SaysWhereItWasLookedFor()
    {
        var search = Search("first");

        Assert.Equal("The program 'tool' was not found in PATH. Install it, or give its full path.", Assert.Throws<DistributedApplicationException>(() => search.Require("tool", "/")).Message);
        Assert.Equal("The program './tool' was not found. Install it, or give its full path.", Assert.Throws<DistributedApplicationException>(() => search.Require("./tool", "/")).Message);
    }

    [Fact]
    public void Require_FolderIsMissing_SaysSo()
    {
        var gone = machine.File("gone");

        var refusal = Assert.Throws<DistributedApplicationException>(() => Search("first").Require("tool", gone));

        Assert.Equal($"The working directory {gone} does not exist. Make it, or give another to AddExecutable.", refusal.Message);
    }

    public void Dispose() => machine.Dispose();

    private ProgramSearch Search(params string[] folders) => new(string.Join(Path.PathSeparator, folders.Select(machine.File)), machine.Path);

    private string Install(string name, UnixFileMode mode = Executable)
    {
        var file = machine.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, mode);
        }
        return file;
    }
}
