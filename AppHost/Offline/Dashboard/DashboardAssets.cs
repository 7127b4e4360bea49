using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Aspire.Hosting.Offline;

/// <summary>The pages, scripts and styles of the dashboard, which are in this assembly. A browser keeps them and asks whether they changed.</summary>
internal sealed class DashboardAssets(DashboardOptions options)
{
    private const string Prefix = "dashboard/";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Asset> Embedded = Read();

    internal async Task ServeAsync(HttpContext context, string path)
    {
        if (Find(path) is not { } asset)
        {
            await ControlAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, "unknown-asset", $"There is no '{path}'.");
            return;
        }
        context.Response.Headers[HeaderNames.CacheControl] = "no-cache";
        context.Response.Headers[HeaderNames.ETag] = asset.Tag;
        if (context.Request.Headers.IfNoneMatch == asset.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = Types[Path.GetExtension(path)];
        context.Response.ContentLength = asset.Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(asset.Bytes, context.RequestAborted);
        }
    }

    /// <summary>The text of a page.</summary>
    internal string Text(string path) => System.Text.Encoding.UTF8.GetString(Find(path)!.Bytes);

    private Asset? Find(string path)
    {
        if (!Embedded.TryGetValue(path, out var asset))
        {
            return null;
        }
        // Only names that are in the assembly, so no path leads out of the folder.
        return options.AssetsDirectory is { Length: > 0 } folder && File.Exists(Path.Combine(folder, path)) ? new Asset(File.ReadAllBytes(Path.Combine(folder, path))) : asset;
    }

    private static FrozenDictionary<string, Asset> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(
            name => name[Prefix.Length..].Replace('\\', '/'),
            name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                return new Asset(bytes);
            },
            StringComparer.Ordinal);
    }

    private sealed record Asset(byte[] Bytes)
    {
        internal string Tag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Bytes))[..16]}\"";
    }
}
