using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Writes the values of one service as a chart has them: what is known into its values, the rest as expressions.</summary>
internal sealed class HelmText(HelmValues values)
{
    /// <summary>Expressions that the templates share.</summary>
    internal const string Helpers = """
        {{/* A value inside a double-quoted YAML text. */}}
        {{- define "in.quotes" -}}{{- . | toString | toJson | trimPrefix "\"" | trimSuffix "\"" -}}{{- end -}}
        {{/* A value inside an address. */}}
        {{- define "in.address" -}}{{- . | toString | urlquery | replace "+" "%20" -}}{{- end -}}

        """;

    /// <summary>A name as a key of the values: Helm reads a hyphen as a minus.</summary>
    internal static string Key(string name) => name.Replace('-', '_').Replace('.', '_');

    /// <summary>The expression of the port that a project listens on.</summary>
    internal string Port(IResource project) => values.Add(HelmValues.Parameters, Key(project.Name), "port_http", 8080);

    /// <summary>The text of a variable that is no secret.</summary>
    internal string Config(PublishedService service, string variable, PublishedText text)
    {
        if (text.Parts.All(part => part is PublishedPart.Text or PublishedPart.Host))
        {
            return $"{{{{ {values.Add(HelmValues.Config, Key(service.Name), Key(variable), Write(service, text))} }}}}";
        }
        return text.Parts is [PublishedPart.Port only] ? $"{{{{ {Port(only.Resource)} | int | toString }}}}" : Write(service, text);
    }

    /// <summary>The text with expressions in its holes.</summary>
    internal string Write(PublishedService service, PublishedText text) => text.Render(part => part switch
    {
        PublishedPart.Text known => known.Value.Replace("{{", "{{ \"{{\" }}", StringComparison.Ordinal),
        PublishedPart.Host host => $"{host.Resource.Name}-service",
        PublishedPart.Port port => $"{{{{ {Port(port.Resource)} }}}}",
        PublishedPart.Parameter parameter => Parameter(service, parameter),
        _ => throw new InvalidOperationException($"{part.GetType().Name} is no part of a chart."),
    });

    internal static string PortText(PublishedPort port, string expression) =>
        port.Target?.ToString(CultureInfo.InvariantCulture) ?? $"{{{{ {expression} | int }}}}";

    private string Parameter(PublishedService service, PublishedPart.Parameter part)
    {
        if (!part.Resource.Secret)
        {
            var plain = values.Add(HelmValues.Config, Key(service.Name), Key(part.Resource.Name), "");
            return part.IsUri ? $"{{{{ include \"in.address\" {plain} }}}}" : $"{{{{ {plain} }}}}";
        }
        var value = values.Add(HelmValues.Secrets, Key(service.Name), Key(part.Resource.Name), "");
        var path = value[".Values.".Length..];
        var form = part.IsUri ? "in.address" : "in.quotes";
        return $"{{{{ include \"{form}\" (required \"{path} has no value: give it with --set {path}=VALUE or a values file\" {value}) }}}}";
    }
}
