using Aspire.Hosting;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing;

public sealed class OutputFolderTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    [Fact]
    public void Write_AFileThatNobodyEdited_UpdatesIt()
    {
        Assert.Equal(OutputResult.Written, Write("one"));
        Assert.Equal(OutputResult.Unchanged, Write("one"));
        Assert.Equal(OutputResult.Updated, Write("two"));
        Assert.Equal("two", Read("file.yaml"));
    }

    [Fact]
    public void Write_AnEditedFile_KeepsItAndPutsTheOtherBeside()
    {
        Write("one");
        File.WriteAllText(directory.File("file.yaml"), "mine");

        Assert.Equal(OutputResult.Kept, Write("two"));
        Assert.Equal(OutputResult.Kept, Write("three"));
        Assert.Equal("mine", Read("file.yaml"));
        Assert.Equal("three", Read("file.yaml.new"));
    }

    [Fact]
    public void Write_AFileThatWasThereBefore_KeepsIt()
    {
        File.WriteAllText(directory.File("file.yaml"), "somebody's");

        Assert.Equal(OutputResult.Kept, Write("one"));
        Assert.Equal("somebody's", Read("file.yaml"));
    }

    [Fact]
    public void Write_AfterTheEditWasTakenOver_TakesTheOtherAway()
    {
        Write("one");
        File.WriteAllText(directory.File("file.yaml"), "two");

        Write("two");

        Assert.False(File.Exists(directory.File("file.yaml.new")));
        Assert.Equal(OutputResult.Updated, Write("three"));
    }

    [Fact]
    public void Close_FilesOfBefore_AreRemovedUnlessEdited()
    {
        var first = new OutputFolder(directory.Path);
        first.Write("gone.yaml", "1");
        first.Write("edited.yaml", "1");
        first.Close();
        File.WriteAllText(directory.File("edited.yaml"), "mine");

        Write("one");

        Assert.False(File.Exists(directory.File("gone.yaml")));
        Assert.Equal("mine", Read("edited.yaml"));
    }

    [Fact]
    public void Write_WhereThereIsAFile_NamesThePathAndTheRemedy()
    {
        File.WriteAllText(directory.File("taken"), "");

        var refusal = Assert.Throws<DistributedApplicationException>(() => new OutputFolder(directory.File("taken")).Write("file.yaml", "one"));

        Assert.Contains(directory.File("taken"), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--output-path DIR", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => directory.Dispose();

    private OutputResult Write(string text)
    {
        var folder = new OutputFolder(directory.Path);
        var result = folder.Write("file.yaml", text);
        folder.Close();
        return result;
    }

    private string Read(string file) => File.ReadAllText(directory.File(file));
}
