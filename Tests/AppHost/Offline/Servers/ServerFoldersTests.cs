using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Servers;

public sealed class ServerFoldersTests : IDisposable
{
    private readonly TemporaryDirectory data = new();
    private readonly TemporaryDirectory outside = new();

    [Fact]
    public async Task Prepare_ForSeveralServersAtOnce_PutsThemIntoOneFolder()
    {
        var account = ServerAccount.IsNeeded ? ServerAccount.Find("nobody") : null;
        var folders = new ServerFolders(new StateDirectory(data.Path), outside.Path);

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => folders.Prepare($"server{number}", account))));

        Assert.Equal([folders.Existing], made.Select(Path.GetDirectoryName).Distinct());
    }

    public void Dispose()
    {
        data.Dispose();
        outside.Dispose();
    }
}
