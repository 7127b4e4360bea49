using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

public sealed class SqliteStoreExtensionsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sqlite-host-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task AddSqliteStore_DataDirectoryOfTheHost_IsWhereTheThreeStoresAre()
    {
        using (var host = Build(("Stack:DataDirectory", _directory)))
        {
            await host.Services.GetRequiredService<IWorkflowStore>().MigrateAsync(CancellationToken.None);
            Assert.Same(host.Services.GetRequiredService<IWorkflowStore>(), host.Services.GetRequiredService<IDefinitionStore>());
            Assert.Same(host.Services.GetRequiredService<IWorkflowStore>(), host.Services.GetRequiredService<IDeploymentStore>());
        }

        Assert.True(File.Exists(Path.Combine(_directory, "work.db")));
    }

    [Theory]
    [InlineData("Sqlite:DataDirectory", " ")]
    [InlineData("Sqlite:BusyTimeout", "00:00:00")]
    [InlineData("Sqlite:MaxReaders", "0")]
    [InlineData("Sqlite:CacheMegabytes", "-1")]
    [InlineData("Sqlite:CheckpointPages", "7")]
    public async Task AddSqliteStore_SettingThatCannotBe_IsRefusedAtStartByName(string setting, string value)
    {
        using var host = Build(("Stack:DataDirectory", _directory), (setting, value));
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(setting, refusal.Message, StringComparison.Ordinal);
    }

    private static IHost Build(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (name, value) in settings)
        {
            builder.Configuration[name] = value;
        }

        builder.AddSqliteStore();
        return builder.Build();
    }
}
