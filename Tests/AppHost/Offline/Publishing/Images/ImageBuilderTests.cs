using System.Globalization;
using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Stack.Checks.Processes;
using Stack.Tests.Containers;
using Stack.Tests.EndToEnd;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Publishing.Images;

/// <summary>Images as the SDK makes them, from a base image in a registry on this machine.</summary>
public sealed class ImageBuilderTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    [ContainerFact]
    public async Task Build_FromARegistry_MakesOneImageForTheSameContentThatDoesNotRunAsRoot()
    {
        if (ServerPrograms.OnPath("docker-registry") is not { } program)
        {
            return;
        }

        var port = FreePort.Next();
        await File.WriteAllTextAsync(directory.File("registry.yml"), $"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {directory.File("registry")}\nhttp:\n  addr: 127.0.0.1:{port}\n");
        using var registry = ServerProcess.Start(program, ["serve", directory.File("registry.yml")]);
        try
        {
            var baseImage = await PushBaseAsync(port);
            var written = new StringWriter();

            var first = await BuildAsync(baseImage, written);
            var second = await BuildAsync(baseImage, written);

            Assert.Equal(first, second);
            Assert.Matches("^localhost/greeter:[0-9a-f]{16}$", first);
            Assert.Contains($"unchanged  {first}", written.ToString(), StringComparison.Ordinal);
            Assert.Equal("1654", await TestContainers.PodmanAsync("image", "inspect", "--format", "{{.Config.User}}", first));
            await TestContainers.PodmanAsync("image", "rm", first);
        }
        finally
        {
            registry.Kill();
        }
    }

    [ContainerFact]
    public async Task Build_FromABaseImageThatIsNotThere_NamesItAndTheRemedy()
    {
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => BuildAsync($"127.0.0.1:{port}/nothing:1", TextWriter.Null));

        Assert.Contains($"from 127.0.0.1:{port}/nothing:1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--base-image IMAGE", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => directory.Dispose();

    private async Task<string> PushBaseAsync(int port)
    {
        await File.WriteAllTextAsync(directory.File("passwd"), "app:x:1654:1654::/home/app:/bin/sh\n");
        await File.WriteAllTextAsync(directory.File("Dockerfile"), "FROM scratch\nCOPY passwd /etc/passwd\n");
        var name = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}/stack-test/tiny:1");
        await TestContainers.PodmanAsync("build", "--quiet", "--tag", name, directory.Path);
        using var client = new HttpClient();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return (await client.GetAsync($"http://127.0.0.1:{port}/v2/")).StatusCode == HttpStatusCode.OK;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the registry answers");
        await TestContainers.PodmanAsync("push", "--quiet", "--tls-verify=false", name);
        // Here it would be found without the registry.
        await TestContainers.PodmanAsync("image", "rm", name);
        return name;
    }

    private async Task<string> BuildAsync(string baseImage, TextWriter output)
    {
        var project = directory.File("Greeter/Greeter.csproj");
        Directory.CreateDirectory(Path.GetDirectoryName(project)!);
        await File.WriteAllTextAsync(
            project, "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ContainerRepository>greeter</ContainerRepository></PropertyGroup></Project>");
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(project)!, "Program.cs"), "System.Console.WriteLine(\"hello\");");
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddProject("greeter", project);
        var application = await new ApplicationReader(new DistributedApplicationModel(builder.Resources), builder.ExecutionContext, "test").ReadAsync(CancellationToken.None);
        var engine = new ContainerEngine("podman", await TestContainers.EnvironmentAsync());
        return (await new ImageBuilder(engine, new ImageBuildOptions(baseImage, Registry: null), output).BuildAsync(application, CancellationToken.None))["greeter"];
    }
}
