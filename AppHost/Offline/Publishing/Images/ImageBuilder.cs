using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>How images are made.</summary>
/// <param name="BaseImage">What they are based on; null means what each project says (<c>ContainerBaseImage</c>).</param>
/// <param name="Registry">Where they are pushed, for example <c>localhost:5000</c>; null means that they stay on this machine.</param>
/// <param name="Configuration">The build configuration.</param>
internal sealed record ImageBuildOptions(string? BaseImage, string? Registry, string Configuration = "Release");

/// <summary>
/// Makes an image of every project: published, laid on its base image, run by a user that is not root, and tagged by its content, so that the same program has the same image and
/// an image that is there is not made again. The SDK makes it (<c>-t:PublishContainer</c>) from the registry of the base image; where docker or podman has the base image already,
/// they make it, and no registry is needed.
/// </summary>
internal sealed class ImageBuilder(ContainerEngine engine, ImageBuildOptions options, TextWriter output)
{
    private const string User = "1654";

    /// <summary>The image of each service that is a project.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> BuildAsync(PublishedApplication application, CancellationToken cancellationToken)
    {
        var images = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var project in application.Services.Where(service => service.IsProject).GroupBy(service => ((ProjectResource)service.Resource).GetProjectMetadata().ProjectPath))
        {
            var image = await BuildAsync(project.Key, cancellationToken);
            foreach (var service in project)
            {
                images[service.Name] = image;
            }
        }
        return images;
    }

    private async Task<string> BuildAsync(string project, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var folder = Directory.CreateTempSubdirectory("stack-image-").FullName;
        try
        {
            var published = Path.Combine(folder, "app");
            await DotnetAsync(["publish", project, "-c", options.Configuration, "-o", published, "--nologo", "-v", "q", "-p:UseAppHost=false"], $"publish {project}", baseImage: null, cancellationToken);
            var (repository, baseImage, entry) = await PropertiesAsync(project, cancellationToken);
            var localBase = await engine.AskAsync(["image", "inspect", "--format", "{{.Id}}", baseImage], cancellationToken);
            var tag = Hash(published, localBase.IsSuccess ? $"{baseImage} {localBase.Output.Trim()}" : baseImage);
            var image = $"{(options.Registry is null ? "localhost" : options.Registry)}/{repository}:{tag}";
            if (options.Registry is null && (await engine.AskAsync(["image", "inspect", "--format", "ok", image], cancellationToken)).IsSuccess)
            {
                output.WriteLine($"unchanged  {image}");
                return image;
            }
            if (options.Registry is null && localBase.IsSuccess)
            {
                await EngineBuildAsync(folder, image, baseImage, entry, cancellationToken);
            }
            else
            {
                await SdkBuildAsync(project, folder, repository, tag, baseImage, cancellationToken);
            }
            output.WriteLine($"built      {image} ({watch.Elapsed.TotalSeconds:0.0} s)");
            return image;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<(string Repository, string BaseImage, string Entry)> PropertiesAsync(string project, CancellationToken cancellationToken)
    {
        var json = await DotnetAsync(
            ["msbuild", project, "-getProperty:ContainerRepository,ContainerBaseImage,TargetFileName,AssemblyName", $"-p:Configuration={options.Configuration}"], $"read {project}", baseImage: null, cancellationToken);
        var properties = System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("Properties");
        string Value(string name) => properties.GetProperty(name).GetString() ?? "";
        var repository = Value("ContainerRepository") is { Length: > 0 } said ? said : Value("AssemblyName").ToLowerInvariant();
        var baseImage = options.BaseImage ?? (Value("ContainerBaseImage") is { Length: > 0 } own ? own : "mcr.microsoft.com/dotnet/aspnet:10.0");
        return (repository, baseImage, Value("TargetFileName"));
    }

    private async Task EngineBuildAsync(string folder, string image, string baseImage, string entry, CancellationToken cancellationToken)
    {
        var recipe = Path.Combine(folder, "Dockerfile");
        await File.WriteAllTextAsync(recipe, $"FROM {baseImage}\nCOPY app /app\nWORKDIR /app\nUSER {User}\nENTRYPOINT [\"dotnet\", \"/app/{entry}\"]\n", cancellationToken);
        await engine.RunAsync(["build", "--quiet", "--tag", image, "--file", recipe, folder], cancellationToken);
    }

    private async Task SdkBuildAsync(string project, string folder, string repository, string tag, string baseImage, CancellationToken cancellationToken)
    {
        var archive = Path.Combine(folder, "image.tar.gz");
        List<string> arguments =
        [
            "publish", project, "-t:PublishContainer", "-c", options.Configuration, "--nologo", "-v", "q", "-p:UseAppHost=false",
            $"-p:ContainerRepository={repository}", $"-p:ContainerImageTag={tag}", $"-p:ContainerBaseImage={baseImage}", $"-p:ContainerUser={User}",
            options.Registry is null ? $"-p:ContainerArchiveOutputPath={archive}" : $"-p:ContainerRegistry={options.Registry}",
        ];
        await DotnetAsync(arguments, $"make the image of {project} from {baseImage}", baseImage, cancellationToken);
        if (options.Registry is null)
        {
            await engine.RunAsync(["load", "--quiet", "--input", archive], cancellationToken);
            // Podman calls it localhost by itself, docker does not.
            await engine.AskAsync(["tag", $"{repository}:{tag}", $"localhost/{repository}:{tag}"], cancellationToken);
        }
    }

    private static async Task<string> DotnetAsync(IReadOnlyList<string> arguments, string what, string? baseImage, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        // A registry of this machine has no certificate.
        if (LoopbackHost(baseImage) is { } host && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNET_CONTAINER_INSECURE_REGISTRIES")))
        {
            start.Environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = host;
        }
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment.Remove("MSBUILD_EXE_PATH");
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0 ? await said : throw Failure(what, $"{await said}\n{await errors}", baseImage);
    }

    private static DistributedApplicationException Failure(string what, string said, string? baseImage)
    {
        var lines = said.Split('\n').Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).Select(line => line.Trim()).Distinct().Take(3).ToArray();
        var cause = lines.Length > 0 ? string.Join(Environment.NewLine, lines) : said.Trim();
        var remedy = baseImage is null ? "" : $" The base image {baseImage} comes from its registry: make that reachable, pull the image with docker or podman beforehand, or name another with --base-image IMAGE.";
        return new DistributedApplicationException($"Could not {what}: {cause}{remedy}");
    }

    private static string? LoopbackHost(string? image) => image?.Split('/')[0] is { } host && (host.StartsWith("localhost:", StringComparison.Ordinal) || host.StartsWith("127.", StringComparison.Ordinal)) ? host : null;

    private static string Hash(string folder, string baseImage)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{baseImage}\n{User}\n"));
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(folder, file)}\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
