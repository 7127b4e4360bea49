using System.Text.Json;

namespace Stack.Agents.Node;

/// <summary>The Node project at the root of a workspace.</summary>
/// <param name="Root">Its folder, absolute.</param>
/// <param name="Scripts">Its scripts by name.</param>
/// <param name="HasDependencies">Whether it needs packages.</param>
internal sealed record NodeWorkspace(string Root, IReadOnlyDictionary<string, string> Scripts, bool HasDependencies)
{
    private static readonly string[] s_eslintFiles =
        ["eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts", ".eslintrc", ".eslintrc.json", ".eslintrc.js", ".eslintrc.cjs", ".eslintrc.yml", ".eslintrc.yaml"];

    /// <summary>Whether the exact versions of its packages are recorded.</summary>
    public bool HasLock => File.Exists(Path.Combine(Root, "package-lock.json")) || File.Exists(Path.Combine(Root, "npm-shrinkwrap.json"));

    /// <summary>Whether eslint is configured.</summary>
    public bool UsesEslint => s_eslintFiles.Any(file => File.Exists(Path.Combine(Root, file)));

    /// <summary>Whether TypeScript is configured.</summary>
    public bool UsesTypeScript => File.Exists(Path.Combine(Root, "tsconfig.json"));

    /// <summary>Finds the project. Null: there is none.</summary>
    /// <param name="root">The folder, absolute.</param>
    /// <exception cref="JsonException">Its <c>package.json</c> is not one.</exception>
    public static NodeWorkspace? Find(string root)
    {
        var file = Path.Combine(root, "package.json");
        if (!File.Exists(file))
        {
            return null;
        }

        var package = JsonSerializer.Deserialize<Package>(File.ReadAllBytes(file), s_options) ?? throw new JsonException("package.json is null.");
        return new NodeWorkspace(root, package.Scripts ?? new Dictionary<string, string>(), package.Dependencies is { Count: > 0 } || package.DevDependencies is { Count: > 0 });
    }

    /// <summary>A tool that the project installed. Null: it did not.</summary>
    /// <param name="name">Its name.</param>
    public string? Tool(string name) => Path.Combine(Root, "node_modules", ".bin", name) is var path && File.Exists(path) ? path : null;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip };

    private sealed record Package(Dictionary<string, string>? Scripts, Dictionary<string, JsonElement>? Dependencies, Dictionary<string, JsonElement>? DevDependencies);
}
