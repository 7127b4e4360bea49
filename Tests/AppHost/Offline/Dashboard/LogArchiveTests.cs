using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Dashboard;

public sealed class LogArchiveTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    [Fact]
    public void Pages_OverThreeFiles_HaveEveryLineOnceAndInOrder()
    {
        Fill(lines: 2500, largestBytes: 30_000);
        var archive = new LogArchive(directory.Path);
        var inFiles = archive.FilesOf("server").Reverse().SelectMany(File.ReadLines).Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]).ToArray();
        Assert.Equal(3, archive.FilesOf("server").Count());

        var read = new List<string>();
        for (var page = archive.ReadBefore("server", newest: 0, 300, text: null); ; page = archive.ReadBefore("server", page.Cursor, 300, text: null))
        {
            read.InsertRange(0, page.Lines.Select(line => line.Text));
            if (page.Cursor is null)
            {
                break;
            }
        }

        Assert.Equal(inFiles, read);
    }

    [Fact]
    public void Cursor_WhenTheFileWasRotatedMeanwhile_StillPointsToTheSameLine()
    {
        Fill(lines: 100, largestBytes: 1_000_000);
        var archive = new LogArchive(directory.Path);
        var page = archive.ReadBefore("server", newest: 10, 20, text: null);
        File.Move(Path.Combine(directory.Path, "server.log"), Path.Combine(directory.Path, "server.1.log"));
        File.WriteAllText(Path.Combine(directory.Path, "server.log"), "2026-11-21T12:00:01.000Z a later line\n");

        var before = archive.ReadBefore("server", page.Cursor!, 5, text: null);

        Assert.Equal(("line 71", "line 90"), (page.Lines[0].Text, page.Lines[^1].Text));
        Assert.Equal(["line 66", "line 67", "line 68", "line 69", "line 70"], before.Lines.Select(line => line.Text));
    }

    [Fact]
    public void Line_WithoutATimeStamp_BelongsToTheOneBefore()
    {
        File.WriteAllText(Path.Combine(directory.Path, "server.log"), "2026-11-21T12:00:00.000Z head\n   at Method()\n   at Main()\n2026-11-21T12:00:01.000Z next\n");

        var page = new LogArchive(directory.Path).ReadBefore("server", newest: 0, 10, text: null);

        Assert.Equal(["head\n   at Method()\n   at Main()", "next"], page.Lines.Select(line => line.Text));
        Assert.Null(page.Cursor);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("0000000000000000@12")]
    [InlineData("@")]
    public void Cursor_Unknown_EndsTheLog(string cursor)
    {
        Fill(lines: 3, largestBytes: 1_000);

        var page = new LogArchive(directory.Path).ReadBefore("server", cursor, 10, text: null);

        Assert.Empty(page.Lines);
        Assert.Null(page.Cursor);
    }

    public void Dispose() => directory.Dispose();

    private void Fill(int lines, long largestBytes)
    {
        using var file = new LogFile(directory.Path, "server", TimeProvider.System, largestBytes);
        for (var number = 1; number <= lines; number++)
        {
            file.Append($"line {number}");
        }
    }
}
