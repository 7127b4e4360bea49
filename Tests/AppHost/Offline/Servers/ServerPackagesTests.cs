using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Servers;

public sealed class ServerPackagesTests
{
    private static readonly string[] All = ["postgresql", "redis", "rabbitmq"];

    [Theory]
    [InlineData("debian", "", "sudo apt-get install postgresql redis-server rabbitmq-server", "sudo systemctl disable --now postgresql redis-server rabbitmq-server")]
    [InlineData("linuxmint", "ubuntu debian", "sudo apt-get install postgresql redis-server rabbitmq-server", "sudo systemctl disable --now postgresql redis-server rabbitmq-server")]
    [InlineData("fedora", "", "sudo dnf install postgresql-server valkey rabbitmq-server", "")]
    [InlineData("almalinux", "rhel centos fedora", "sudo dnf install postgresql-server valkey rabbitmq-server", "")]
    [InlineData("arch", "", "sudo pacman -S postgresql valkey rabbitmq", "")]
    [InlineData("alpine", "", "sudo apk add postgresql redis rabbitmq-server", "")]
    [InlineData("plan9", "", "so that their programs are on the PATH", "")]
    public void Describe_OnASystem_GivesItsCommand(string id, string like, string install, string stop)
    {
        var text = new ServerPackages(new Dictionary<string, string> { ["ID"] = id, ["ID_LIKE"] = like }, isMac: false, isRoot: false).Describe(All);

        Assert.Contains(install, text, StringComparison.Ordinal);
        Assert.Contains(stop, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_OnAMac_UsesBrew() =>
        Assert.EndsWith("    brew install postgresql@17 redis rabbitmq", new ServerPackages(new Dictionary<string, string>(), isMac: true, isRoot: false).Describe(All), StringComparison.Ordinal);

    [Fact]
    public void Describe_ForRoot_LeavesSudoOut() =>
        Assert.DoesNotContain("sudo", new ServerPackages(new Dictionary<string, string> { ["ID"] = "debian" }, isMac: false, isRoot: true).Describe(All), StringComparison.Ordinal);
}
