namespace Aspire.Hosting.Offline;

/// <summary>The files of a Helm chart: path and text.</summary>
internal sealed record HelmChart(IReadOnlyList<(string File, string Text)> Files);

/// <summary>The values of a chart: section, resource, key. Sections and keys keep the order in which they came.</summary>
internal sealed class HelmValues
{
    internal const string Parameters = "parameters";
    internal const string Secrets = "secrets";
    internal const string Config = "config";

    private readonly OrderedDictionary<string, OrderedDictionary<string, OrderedDictionary<string, YamlNode>>> sections = new(StringComparer.Ordinal)
    {
        [Parameters] = new(StringComparer.Ordinal),
        [Secrets] = new(StringComparer.Ordinal),
        [Config] = new(StringComparer.Ordinal),
    };

    /// <summary>Adds a value unless it is there, and returns the expression that reads it.</summary>
    internal string Add(string section, string resource, string key, YamlNode value)
    {
        if (!sections.TryGetValue(section, out var resources))
        {
            sections[section] = resources = new(StringComparer.Ordinal);
        }
        if (!resources.TryGetValue(resource, out var values))
        {
            resources[resource] = values = new(StringComparer.Ordinal);
        }
        values.TryAdd(key, value);
        return $".Values.{section}.{resource}.{key}";
    }

    internal string ToYaml() => YamlWriter.Write(ComposeFile.Map(sections.Select(section => (section.Key, (YamlNode)ComposeFile.Map(
        section.Value.Select(resource => (resource.Key, (YamlNode)ComposeFile.Map(resource.Value.Select(value => (value.Key, value.Value))))))))));
}
