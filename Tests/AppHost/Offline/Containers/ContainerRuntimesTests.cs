using System.Net;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Configuration;

namespace Stack.Tests.AppHost.Offline.Containers;

public sealed class ContainerRuntimesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Find_DockerWithoutADaemonAndPodmanThatAnswers_IsPodman()
    {
        Write("docker", "echo 'Cannot connect to the Docker daemon.' >&2; exit 0");
        Write("podman", "echo 4.3.1");
        var (runtime, reason) = await Runtimes().FindAsync();
        Assert.Equal(("podman", "4.3.1", "podman 4.3.1"), (runtime!.Name, runtime.Version, reason));
    }

    [Fact]
    public async Task Find_BothAnswer_IsTheOneThatIsAskedForAndDockerOtherwise()
    {
        Write("docker", "echo 28.2.2");
        Write("podman", "echo 4.3.1");
        Assert.Equal("docker", (await Runtimes().FindAsync()).Runtime!.Name);
        Assert.Equal("podman", (await Runtimes("podman").FindAsync()).Runtime!.Name);
        var failure = await Assert.ThrowsAsync<Aspire.Hosting.DistributedApplicationException>(() => Runtimes("lxc").FindAsync());
        Assert.Contains("docker or podman", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_NoneWorks_SaysWhatEachAnswered()
    {
        Write("docker", "echo 'permission denied' >&2; exit 1");
        var (runtime, reason) = await Runtimes().FindAsync();
        Assert.Null(runtime);
        Assert.Equal("docker does not work: permission denied, podman is not installed", reason);
    }

    [Fact]
    public async Task Run_LongerThanTheDeadline_IsEndedAndSaysSo()
    {
        Write("podman", "[ \"$1\" = info ] && echo 4.3.1 || sleep 300");
        var runtime = (await Runtimes().FindAsync()).Runtime!;
        var answer = await runtime.RunAsync(["pull", "x"], TimeSpan.FromMilliseconds(300), CancellationToken.None);
        Assert.Equal(124, answer.ExitCode);
        Assert.Contains("podman pull did not end within", answer.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"IPAM":{"Config":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]}}]""", "172.18.0.1")]
    [InlineData("""[{"name":"x","subnets":[{"subnet":"10.89.0.0/24","gateway":"10.89.0.1"}]}]""", "10.89.0.1")]
    [InlineData("""[{"name":"x","subnets":[{"subnet":"fd00::/64","gateway":"fd00::1"}]}]""", null)]
    public void Gateway_OfDockerAndOfPodman_IsFound(string json, string? expected) =>
        Assert.Equal(expected is null ? null : IPAddress.Parse(expected), ContainerNetwork.GatewayIn(json));

    [Fact]
    public void IsGone_ThisHost_IsNotAndAnotherStartOfItsIdIs()
    {
        Assert.False(ContainerLabels.IsGone(ContainerLabels.ThisHost));
        Assert.True(ContainerLabels.IsGone($"{ContainerLabels.ThisHost}1"));
        Assert.False(ContainerLabels.IsGone("another-boot/1/2"));
    }

    private ContainerRuntimes Runtimes(string? wanted = null) => new(
        new ProgramSearch(directory.Path, root: "/nowhere"),
        new ConfigurationBuilder().AddInMemoryCollection(wanted is null ? [] : [new(ContainerRuntimes.Key, wanted)]).Build());

    private void Write(string name, string script)
    {
        File.WriteAllText(directory.File(name), $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory.File(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
