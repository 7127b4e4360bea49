using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.Offline;

/// <summary>Writes Aspire's manifest: the description as JSON, with placeholders instead of values.</summary>
internal static class ManifestPublisher
{
    internal const string FileName = "aspire-manifest.json";

    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of the manifest; paths in it are relative to <paramref name="path"/>.</summary>
    internal static async Task<string> WriteAsync(
        DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, string path, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            await new ManifestPublishingContext(executionContext, path, writer, cancellationToken).WriteModelAsync(model);
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
