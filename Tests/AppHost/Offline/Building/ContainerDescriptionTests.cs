#pragma warning disable ASPIREPROBES001 // Experimental on Aspire, and tested here.
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Postgres;
using Aspire.Hosting.Redis;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Building;

public sealed class ContainerDescriptionTests
{
    private readonly IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder([]);

    [Fact]
    public void AddDockerfile_PathStageArgumentsAndSecret_AreInTheModel()
    {
        var secret = builder.AddParameter("token", "t", secret: true);
        var box = builder.AddDockerfile("box", "context", "Dockerfile.dev", "final").WithBuildArg("VERSION", "1").WithBuildSecret("TOKEN", secret);
        var build = Assert.Single(box.Resource.Annotations.OfType<DockerfileBuildAnnotation>());
        Assert.Equal(Path.Combine(builder.AppHostDirectory, "context"), build.ContextPath);
        Assert.Equal(Path.Combine(build.ContextPath, "Dockerfile.dev"), build.DockerfilePath);
        Assert.Equal(("final", "1"), (build.Stage, build.BuildArguments["VERSION"]));
        Assert.Same(secret.Resource, build.BuildSecrets["TOKEN"]);
        Assert.True(box.Resource.TryGetContainerImageName(out var image));
        Assert.StartsWith("box:", image, StringComparison.Ordinal);
        var refused = Assert.Throws<InvalidOperationException>(() => box.WithBuildArg("TOKEN", secret));
        Assert.Contains("WithBuildSecret", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => builder.AddContainer("pulled", "image").WithBuildArg("X", "1"));
    }

    [Fact]
    public void WithHttpProbe_SameTypeTwice_TheLastCounts()
    {
        var box = builder.AddContainer("box", "image").WithHttpEndpoint(targetPort: 80)
            .WithHttpProbe(ProbeType.Readiness, "/a").WithHttpProbe(ProbeType.Readiness, "/ready", periodSeconds: 9).WithHttpProbe(ProbeType.Liveness);
        var probes = box.Resource.Annotations.OfType<EndpointProbeAnnotation>().ToArray();
        Assert.Equal([(ProbeType.Readiness, "/ready", 9), (ProbeType.Liveness, "/", 5)], probes.Select(probe => (probe.Type, probe.Path, probe.PeriodSeconds)));
        Assert.Throws<DistributedApplicationException>(() => builder.AddContainer("other", "image").WithHttpProbe(ProbeType.Startup));
    }

    [Fact]
    public async Task WithContainerFiles_FolderOfThisMachine_BecomesEntries()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("inner"));
        await File.WriteAllTextAsync(directory.File("a.txt"), "a");
        await File.WriteAllTextAsync(Path.Combine(directory.File("inner"), "b.txt"), "b");
        var box = builder.AddContainer("box", "image").WithContainerFiles("/data", directory.Path, defaultOwner: 7);
        var files = Assert.Single(box.Resource.Annotations.OfType<ContainerFileSystemCallbackAnnotation>());
        var items = (await files.Callback(new() { Model = box.Resource, ServiceProvider = new ServiceCollection().BuildServiceProvider() }, CancellationToken.None)).ToArray();
        Assert.Equal(("/data", 7), (files.DestinationPath, files.DefaultOwner));
        Assert.Equal(["a.txt", "inner"], items.Select(item => item.Name));
        Assert.Equal("b.txt", Assert.Single(((ContainerDirectory)items[1]).Entries).Name);
        Assert.Throws<ArgumentException>(() => new ContainerFile { Name = "../x" });
    }

    [Fact]
    public void WithPgAdminAndOthers_TwoServers_HaveOneToolOfEachKind()
    {
        builder.AddPostgres("first").WithPgAdmin(tool => tool.WithHostPort(5050)).WithPgWeb();
        builder.AddPostgres("second").WithPgAdmin();
        builder.AddRedis("cache").WithRedisInsight(tool => tool.WithDataVolume("kept")).WithRedisCommander();
        Assert.Equal(5050, Assert.Single(builder.Resources.OfType<PgAdminContainerResource>()).GetEndpoint("http").EndpointAnnotation.Port);
        Assert.Single(builder.Resources.OfType<PgWebContainerResource>());
        Assert.Single(builder.Resources.OfType<RedisCommanderResource>());
        Assert.Equal("/data", Assert.Single(Assert.Single(builder.Resources.OfType<RedisInsightResource>()).Annotations.OfType<ContainerMountAnnotation>()).Target);
    }

    [Fact]
    public async Task WithConnectionStringRedirection_Consumer_GetsTheOthers()
    {
        var other = builder.AddConnectionString("other", ReferenceExpression.Create($"Host=elsewhere"));
        var postgres = builder.AddPostgres("db").WithConnectionStringRedirection(other.Resource);
        Assert.Equal("Host=elsewhere", await postgres.Resource.GetConnectionStringAsync());
    }

    [Fact]
    public void CreateResourceBuilder_ByName_FindsItOrSaysWhatItIs()
    {
        builder.AddContainer("box", "image").WithIconName("Box").WithContainerNetworkAlias("crate").WithImageSHA256("abc").WithEndpointProxySupport(false);
        Assert.Equal("box", builder.CreateResourceBuilder<ContainerResource>("BOX").Resource.Name);
        Assert.False(builder.TryCreateResourceBuilder<ProjectResource>("box", out _));
        Assert.Contains("ContainerResource", Assert.Throws<InvalidOperationException>(() => builder.CreateResourceBuilder<ProjectResource>("box")).Message, StringComparison.Ordinal);
        Assert.True(builder.CreateResourceBuilder<ContainerResource>("box").Resource.TryGetContainerImageName(out var image));
        Assert.Equal("image@sha256:abc", image);
    }
}
