using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>What is asked for.</summary>
internal enum PublishVerb
{
    /// <summary>Write files.</summary>
    Publish,

    /// <summary>Make the images of the projects.</summary>
    Build,

    /// <summary>Run the application in containers of this machine, in the place of the release before.</summary>
    Deploy,

    /// <summary>Remove the deployed containers; volumes stay.</summary>
    Destroy,

    /// <summary>Say which releases there are.</summary>
    Releases,
}

/// <summary>The command line of a deployment, in our words (<c>publish --publisher compose</c>) or in Aspire's (<c>--operation publish --step publish-compose</c>).</summary>
internal sealed record PublishOptions
{
    internal const string Manifest = "manifest";
    internal const string Compose = "compose";
    internal const string Kubernetes = "kubernetes";

    internal static readonly string[] Publishers = [Manifest, Compose, Kubernetes];

    private static readonly string[] Verbs = ["publish", "build", "deploy", "destroy", "releases"];

    internal required PublishVerb Verb { get; init; }

    /// <summary>The publisher; null means every one, or the one that the description adds.</summary>
    internal string? Publisher { get; init; }

    /// <summary>Where to; null means the default of the verb.</summary>
    internal string? OutputPath { get; init; }

    /// <summary>Whether the command line asks for a deployment at all.</summary>
    internal static bool AreGiven(IReadOnlyList<string> arguments, IConfiguration configuration) =>
        arguments is [var verb, ..] && Verbs.Contains(verb)
        || string.Equals(configuration["operation"], "publish", StringComparison.OrdinalIgnoreCase)
        || configuration["publisher"] is not null;

    internal static PublishOptions Read(IReadOnlyList<string> arguments, IConfiguration configuration)
    {
        var step = configuration["step"];
        var word = arguments is [var first, ..] && Verbs.Contains(first) ? first : VerbOf(step);
        return new PublishOptions
        {
            Verb = Enum.Parse<PublishVerb>(word, ignoreCase: true),
            Publisher = PublisherOf(configuration["publisher"] ?? (step?.StartsWith("publish-", StringComparison.Ordinal) == true ? step["publish-".Length..] : configuration["target"])),
            OutputPath = configuration["output-path"] is { Length: > 0 } path ? path : null,
        };
    }

    private static string VerbOf(string? step) => step switch
    {
        null or "publish" => "publish",
        "build" => "build",
        "deploy" => "deploy",
        "destroy" => "destroy",
        _ when step.StartsWith("publish-", StringComparison.Ordinal) => "publish",
        _ => throw new DistributedApplicationException($"There is no step '{step}'. Steps: publish, publish-compose, publish-kubernetes, build, deploy, destroy."),
    };

    private static string? PublisherOf(string? name) => name?.ToLowerInvariant() switch
    {
        null or "" or "default" => null,
        Manifest => Manifest,
        Compose or "docker-compose" or "docker" => Compose,
        Kubernetes or "k8s" or "helm" => Kubernetes,
        _ => throw new DistributedApplicationException($"There is no publisher '{name}'. Publishers: {string.Join(", ", Publishers)}."),
    };
}
