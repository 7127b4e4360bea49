using System.Runtime.Versioning;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Servers;

[UnsupportedOSPlatform("windows")]
[NeedsServer("postgresql")]
public sealed class PostgresProgramTests : ServerProgramSuite
{
    [ServerFact]
    public async Task Database_OfTheModel_IsThereWhenItsDependentsStart()
    {
        await using var application = Application(hasVolume: false);
        application.AddSleeper("client").WaitFor(application.Builder.CreateResourceBuilder((PostgresDatabaseResource)application.Builder.Resources.Single(one => one.Name == "appdb")));

        await application.StartAsync();
        await application.States.WaitForResourceAsync("client", KnownResourceStates.Running, Deadline);

        Assert.Equal("UTF8 scram-sha-256 on", await RunAsync(application, "appdb", null, "SELECT current_setting('server_encoding') || ' ' || current_setting('password_encryption') || ' ' || current_setting('fsync')"));
    }

    [ServerFact]
    public async Task Data_OfAnotherMajorVersion_AreRefusedWithTheRemedy()
    {
        await using (await StartAsync())
        {
        }
        await File.WriteAllTextAsync(DataFile("data/PG_VERSION"), "9\n");

        await using var application = Application(hasVolume: true);
        await application.StartAsync();
        await application.States.WaitForResourceAsync(Name, KnownResourceStates.FailedToStart, Deadline);

        Assert.Contains(application.Log(Name), line => line.Contains("are of PostgreSQL 9, and installed is", StringComparison.Ordinal) && line.Contains("pg_upgrade", StringComparison.Ordinal));
    }

    [ServerFact]
    public async Task Password_ThatEndsInConnectionStrings_IsRefusedWithTheRemedy()
    {
        await using var application = Application(hasVolume: false, "--Parameters:server-password", "pa;ss");
        await application.StartAsync();
        await application.States.WaitForResourceAsync(Name, KnownResourceStates.FailedToStart, Deadline);

        var line = Assert.Single(application.Log(Name), line => line.Contains("'server-password'", StringComparison.Ordinal));
        Assert.Contains("--Parameters:server-password VALUE", line, StringComparison.Ordinal);
        Assert.DoesNotContain("pa;ss", line, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Lock_OfAKilledServerWhoseIdIsAnothersNow_IsTakenAway()
    {
        await using (var first = await StartAsync())
        {
            await WriteAsync(first, "kept");
        }
        await File.WriteAllTextAsync(DataFile("data/postmaster.pid"), $"{Environment.ProcessId}\n{DataFile("data")}\n1\n1\n\n127.0.0.1\n\n");

        await using var second = await StartAsync();

        Assert.Equal("kept", await ReadAsync(second));
    }

    [ServerFact]
    public async Task Sessions_OfAKilledServer_AreEndedBeforeItStartsAgain()
    {
        await using var application = await StartAsync();
        var busy = RunAsync(application, "postgres", null, "SELECT pg_sleep(60)");
        await Eventually.TrueAsync(async () => await RunAsync(application, "postgres", null, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == "1", "the session works");
        var before = Processes();

        Signal.Send(PidOf(application), Signal.Kill);
        await application.States.WaitForResourceAsync(Name, change => change.Snapshot.ExitCode == 137, Deadline);
        await application.States.WaitForResourceHealthyAsync(Name, WaitBehavior.WaitOnResourceUnavailable, Deadline);

        await Assert.ThrowsAnyAsync<IOException>(() => busy);
        Assert.Empty(before.Intersect(Processes()));
    }

    private protected override void Describe(IDistributedApplicationBuilder builder, bool hasVolume)
    {
        var server = builder.AddPostgres(Name);
        server.AddDatabase("appdb");
        if (hasVolume)
        {
            server.WithDataVolume();
        }
    }

    private protected override async Task WriteAsync(TestApplication application, string value) =>
        await RunAsync(application, "postgres", null, $"CREATE TABLE kept AS SELECT '{value}' AS value");

    private protected override async Task<string?> ReadAsync(TestApplication application, string? password = null) =>
        await RunAsync(application, "postgres", password, "SELECT to_regclass('kept')") is null ? null : await RunAsync(application, "postgres", password, "SELECT value FROM kept");

    private static async Task<string?> RunAsync(TestApplication application, string database, string? password, string statement)
    {
        var server = (PostgresServerResource)application.Builder.Resources.Single(one => one.Name == Name);
        await using var session = await PostgresSession.OpenAsync("127.0.0.1", PortOf(application), "postgres", password ?? await PasswordOf(application, server.PasswordParameter), database, Deadline);
        return await session.RunAsync(statement, Deadline);
    }
}
