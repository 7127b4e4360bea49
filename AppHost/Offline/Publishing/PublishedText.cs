using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>A piece of a value in a deployment.</summary>
internal abstract record PublishedPart
{
    private PublishedPart()
    {
    }

    /// <summary>Text that is known.</summary>
    internal sealed record Text(string Value) : PublishedPart;

    /// <summary>The value of a parameter, which the deployment's own files hold.</summary>
    /// <param name="Resource">The parameter.</param>
    /// <param name="IsUri">Whether it is percent-encoded.</param>
    internal sealed record Parameter(ParameterResource Resource, bool IsUri) : PublishedPart;

    /// <summary>The name by which others find a resource.</summary>
    internal sealed record Host(IResource Resource) : PublishedPart;

    /// <summary>The port that the deployment chooses for a project.</summary>
    internal sealed record Port(IResource Resource) : PublishedPart;
}

/// <summary>A value in a deployment: text with holes that the deployment's own files fill.</summary>
internal sealed record PublishedText(IReadOnlyList<PublishedPart> Parts)
{
    internal static readonly PublishedText Empty = new([]);

    /// <summary>Whether a secret is in it.</summary>
    internal bool IsSecret => Parts.OfType<PublishedPart.Parameter>().Any(part => part.Resource.Secret);

    internal IEnumerable<ParameterResource> Parameters => Parts.OfType<PublishedPart.Parameter>().Select(part => part.Resource);

    internal static PublishedText Of(string text) => text.Length == 0 ? Empty : new([new PublishedPart.Text(text)]);

    internal static PublishedText Join(IEnumerable<PublishedText> texts) => new([.. texts.SelectMany(text => text.Parts)]);

    internal PublishedText PercentEncoded() => new([.. Parts.Select(part => part switch
    {
        PublishedPart.Text text => new PublishedPart.Text(Uri.EscapeDataString(text.Value)),
        PublishedPart.Parameter parameter => parameter with { IsUri = true },
        _ => part,
    })]);

    internal string Render(Func<PublishedPart, string> write) => string.Concat(Parts.Select(write));
}
