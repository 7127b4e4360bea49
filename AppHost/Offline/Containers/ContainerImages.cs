using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Gets images: looks whether they are there, pulls them, builds those of Dockerfiles. Two that want the same image wait for one pull.</summary>
internal sealed class ContainerImages(DistributedApplicationOptions options)
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PullPatience = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan BuildPatience = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<string, Lazy<Task<ContainerAnswer>>> pulls = new(StringComparer.Ordinal);

    /// <summary>The name under which the resource's image is known to the runtime.</summary>
    internal string NameOf(IResource resource)
    {
        if (!resource.TryGetContainerImageName(out var name))
        {
            throw new DistributedApplicationException($"'{resource.Name}' is a container and has no image. Call WithImage or WithDockerfile.");
        }
        var isBuilt = resource.HasAnnotationOfType<DockerfileBuildAnnotation>();
        var registry = resource.Annotations.OfType<ContainerImageAnnotation>().Last().Registry;
        return isBuilt ? $"localhost/{name}"
            : options.ContainerRegistryOverride is { Length: > 0 } other ? $"{other}/{(string.IsNullOrEmpty(registry) ? name : name[(registry.Length + 1)..])}"
            : name;
    }

    internal static async Task<bool> IsThereAsync(ContainerRuntime runtime, string image, CancellationToken cancellationToken) =>
        (await runtime.RunAsync(["image", "inspect", "--format", "{{.Id}}", image], Glance, cancellationToken)).IsSuccess;

    /// <summary>Sees to it that the image is there, as the resource's pull policy says; throws when it is not and cannot be got.</summary>
    internal async Task EnsureAsync(ContainerRuntime runtime, IResource resource, Action<string, bool> onLine, CancellationToken cancellationToken)
    {
        var image = NameOf(resource);
        if (resource.TryGetLastAnnotation<DockerfileBuildAnnotation>(out var build))
        {
            await BuildAsync(runtime, resource, build, image, onLine, cancellationToken);
            return;
        }
        var policy = resource.TryGetLastAnnotation<ContainerImagePullPolicyAnnotation>(out var annotation) ? annotation.ImagePullPolicy : ImagePullPolicy.Default;
        var isThere = await IsThereAsync(runtime, image, cancellationToken);
        if (isThere && policy != ImagePullPolicy.Always)
        {
            return;
        }
        if (policy == ImagePullPolicy.Never)
        {
            throw new DistributedApplicationException($"The image {image} of '{resource.Name}' is not there, and its pull policy is Never. Get it with: {runtime.Name} pull {image}");
        }
        onLine($"Pulling {image} with {runtime.Name} {runtime.Version}.", false);
        var answer = await PullAsync(runtime, image, onLine, cancellationToken);
        if (!answer.IsSuccess && !isThere)
        {
            throw new DistributedApplicationException(Explain(runtime, resource, image, answer));
        }
    }

    /// <summary>Pulls an image; the second call for the same image waits for the first.</summary>
    internal Task<ContainerAnswer> PullAsync(ContainerRuntime runtime, string image, Action<string, bool> onLine, CancellationToken cancellationToken)
    {
        var pull = pulls.GetOrAdd(image, _ => new(() => runtime.RunAsync(["pull", image], [], input: null, Progress(onLine), PullPatience, cancellationToken)));
        return Forget(pull.Value);

        async Task<ContainerAnswer> Forget(Task<ContainerAnswer> running)
        {
            try
            {
                return await running;
            }
            finally
            {
                // The next start tries again.
                pulls.TryRemove(new(image, pull));
            }
        }
    }

    internal static string Explain(ContainerRuntime runtime, IResource resource, string image, ContainerAnswer answer) =>
        $"The image {image} of '{resource.Name}' is not there and cannot be pulled. {runtime.Name} says: {answer.Reason} "
        + $"Pull it where there is a network ({runtime.Name} pull {image}), load it from a file ({runtime.Name} load --input FILE), or start with --infrastructure auto, which uses what is there.";

    // Every layer has lines of its own; what it is about is said once, and that is progress enough.
    private static Action<string, bool> Progress(Action<string, bool> onLine) => (line, _) =>
    {
        if (!string.IsNullOrWhiteSpace(line))
        {
            onLine(line, false);
        }
    };

    private static async Task BuildAsync(
        ContainerRuntime runtime, IResource resource, DockerfileBuildAnnotation build, string image, Action<string, bool> onLine, CancellationToken cancellationToken)
    {
        if (!File.Exists(build.DockerfilePath))
        {
            throw new DistributedApplicationException($"The image of '{resource.Name}' cannot be built: {build.DockerfilePath} does not exist. Correct the path that WithDockerfile was given.");
        }
        List<string> arguments = ["build", "--tag", image, "--file", build.DockerfilePath];
        if (build.Stage is { } stage)
        {
            arguments.AddRange(["--target", stage]);
        }
        foreach (var (name, value) in build.BuildArguments)
        {
            arguments.AddRange(["--build-arg", value is null ? name : $"{name}={await TextOfAsync(value, cancellationToken)}"]);
        }
        var files = Directory.CreateTempSubdirectory("apphost-build-");
        try
        {
            foreach (var (name, value) in build.BuildSecrets)
            {
                arguments.AddRange(["--secret", $"id={name},src={await WriteSecretAsync(files.FullName, name, value, cancellationToken)}"]);
            }
            var answer = await runtime.RunAsync([.. arguments, build.ContextPath], [], input: null, (line, _) => onLine(line, false), BuildPatience, cancellationToken);
            if (!answer.IsSuccess)
            {
                throw new DistributedApplicationException($"The image of '{resource.Name}' could not be built of {build.DockerfilePath}. {runtime.Name} says: {answer.Reason} Its log has the rest.");
            }
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    private static async Task<string> WriteSecretAsync(string folder, string name, object value, CancellationToken cancellationToken)
    {
        // By a name of this host's: the id may hold anything.
        var path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]);
        await File.WriteAllTextAsync(path, await TextOfAsync(value, cancellationToken), cancellationToken);
        return path;
    }

    private static async ValueTask<string> TextOfAsync(object value, CancellationToken cancellationToken) =>
        value is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) ?? "" : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
