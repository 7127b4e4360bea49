using Microsoft.Extensions.Options;
using Stack.Orchestrator.Hosting;
using Stack.Tests.Orchestrator.Api;

namespace Stack.Tests.Orchestrator.Hosting;

public sealed class HostSetupTests
{
    [Fact]
    public async Task Start_BeyondLoopbackWithoutAKey_IsRefusedWithTheRemedy()
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => OrchestratorHost.StartAsync("urls=http://0.0.0.0:0"));
        Assert.Equal(
            "The address http://0.0.0.0:0 is reachable from other machines, and no API key is configured. Set Stack:ApiKeys:NAME to a key (for example the environment variable Stack__ApiKeys__admin), "
            + "or listen on http://localhost:3000.",
            refused.Message);
    }

    [Fact]
    public async Task Start_BeyondLoopbackWithAKey_Starts()
    {
        await using var host = await OrchestratorHost.StartAsync("urls=http://0.0.0.0:0", "Stack:ApiKeys:admin=0123456789abcdef");
        Assert.NotNull(host.Address);
    }

    [Theory]
    [InlineData("Stack:ApiKeys:admin=short", "Stack:ApiKeys:admin is too short; give at least 16 characters")]
    [InlineData("Stack:ApiKeys:admin=sha256:xyz", "Stack:ApiKeys:admin begins with sha256: but is not followed by 64 hexadecimal digits.")]
    public async Task Start_SettingThatCannotBeUsed_IsRefusedNamingIt(string setting, string begin)
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => OrchestratorHost.StartAsync(setting));
        Assert.StartsWith(begin, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondOnTheSameDirectory_IsRefusedNamingIt()
    {
        await using var host = await OrchestratorHost.StartAsync();
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => OrchestratorHost.StartOnAsync(host.Folder));
        Assert.StartsWith($"Another orchestrator works on the data directory '{host.Folder}'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ConnectionStrings:stackdb=Host=db", "ConnectionStrings:stackdb cannot be used: it names no database. Give Host=HOST;Port=5432;Username=USER;Password=PASSWORD;Database=DATABASE.")]
    [InlineData("Stack:MaxBodyBytes=5", "Stack:MaxBodyBytes is 5; give 1024 to 1073741824.")]
    [InlineData("Stack:Workspaces:MaxPushMegabytes=0", "Stack:Workspaces:MaxPushMegabytes is 0; give 1 to 1000000.")]
    public async Task Start_OptionOutOfRange_IsRefusedNamingIt(string setting, string failure)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => OrchestratorHost.StartAsync(setting));
        Assert.Contains(failure, refused.Failures);
    }
}
