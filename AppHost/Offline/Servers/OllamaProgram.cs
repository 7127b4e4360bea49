using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Ollama, with the models that this user has pulled already. Services have a provider of their own without it, so it is no reason to refuse a start.</summary>
internal sealed class OllamaProgram(ProgramSearch search) : IServerProgram
{
    private const string Image = "ollama/ollama";

    private static readonly string[] Folders = ["usr/local/bin", "usr/bin", "opt/homebrew/bin"];

    public string Product => "ollama";

    public string? Account => null;

    public bool IsOptional => true;

    public bool Serves(IResource resource) => resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image) && image.Image == Image;

    public (bool IsPossible, string Reason) Assess() => Find() is { } program ? (true, program) : (false, "ollama is not installed");

    public Task<LaunchCommand> PrepareAsync(ServerStart start, CancellationToken cancellationToken)
    {
        var endpoint = start.Resource.Annotations.OfType<EndpointAnnotation>().First().Name;
        // Its models are large, and those of the user's own Ollama do as well: it runs as that user, with that user's folder.
        var command = new LaunchCommand(Find()!, ["serve"], start.Folder,
            [new("OLLAMA_HOST", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{start.PortOf(endpoint)}"), IsSecret: false)]);
        return Task.FromResult(command);
    }

    private string? Find() => search.Find("ollama", Folders);
}
