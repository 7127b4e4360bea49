using System.Net.Http.Headers;
using System.Text;

namespace Stack.Cli;

/// <summary>A definition as its author wrote it.</summary>
internal sealed record DefinitionText(string Name, string Content, bool IsJson)
{
    /// <summary>Reads a file; <c>-</c> is the standard input.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static async Task<DefinitionText> ReadAsync(Surroundings surroundings, string path, CancellationToken cancellationToken)
    {
        var content = await InputText.ReadAsync(surroundings, path, cancellationToken);
        var isJson = path == "-" ? content.AsSpan().TrimStart().StartsWith('{') : path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        return new DefinitionText(path == "-" ? "standard input" : path, content, isJson);
    }

    public HttpContent ToContent() => new StringContent(Content, Encoding.UTF8, new MediaTypeHeaderValue(IsJson ? "application/json" : "application/yaml"));
}
