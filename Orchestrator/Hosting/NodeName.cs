using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Stack.Engine;

namespace Stack.Orchestrator.Hosting;

/// <summary>Names the orchestrator among those that share its store: by its machine, and by a word that stays in its data directory.</summary>
/// <param name="host">Where the data directory is.</param>
internal sealed class NodeName(IOptions<OrchestratorOptions> host) : IPostConfigureOptions<EngineOptions>
{
    internal const string FileName = "node";

    private static readonly string Unnamed = new EngineOptions().NodeName;

    public void PostConfigure(string? name, EngineOptions options)
    {
        if (options.NodeName == Unnamed)
        {
            options.NodeName = Read(Path.Combine(host.Value.DataDirectory, FileName));
        }
    }

    private static string Read(string path)
    {
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 and <= 200 } known)
        {
            return known;
        }

        var made = $"{Environment.MachineName}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        File.WriteAllText(path, made + "\n");
        return made;
    }
}
