using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Fills the holes of a Compose file for a deployment on this machine. A value comes from the environment file, if it says one; else, for a parameter, from configuration, then from the
/// secrets file of the data directory, where generated values are kept, so that the next deployment has the same passwords.
/// </summary>
internal sealed partial class DeploymentValues(SecretFile secrets, IReadOnlyDictionary<string, string> said, IReadOnlyDictionary<string, string> images)
{
    /// <summary>The values by their names; throws with everything that is missing.</summary>
    internal IReadOnlyDictionary<string, string> Resolve(ComposeFile compose)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var variable in compose.Variables)
        {
            try
            {
                values[variable.Name] = said.GetValueOrDefault(variable.Name) is { Length: > 0 } given ? given : ValueOf(variable);
            }
            catch (DistributedApplicationException failure)
            {
                missing.Add(failure.Message);
            }
        }
        return missing.Count == 0 ? values : throw new DistributedApplicationException(string.Join(Environment.NewLine, missing));
    }

    /// <summary>Puts values in the holes of a text: <c>${NAME}</c>, <c>${NAME:-OTHERWISE}</c>, and a dollar for two.</summary>
    internal static string Fill(string text, IReadOnlyDictionary<string, string> values) => Hole().Replace(text, hole => hole switch
    {
        { Value: "$$" } => "$",
        _ when values.GetValueOrDefault(hole.Groups["name"].Value) is { Length: > 0 } value => value,
        _ => Fill(hole.Groups["otherwise"].Value, values),
    });

    private string ValueOf(ComposeVariable variable) => variable.Source switch
    {
        ParameterResource parameter => Encode(variable, Checked(parameter, Read(parameter))),
        PublishedService service => images.GetValueOrDefault(service.Name)
            ?? throw new DistributedApplicationException($"There is no image for '{service.Name}'. Make it with 'build', or name one: {variable.Name} in the file .env."),
        ContainerMountAnnotation mount => mount.Source ?? "",
        _ => variable.Value,
    };

    private string Read(ParameterResource parameter)
    {
        if (parameter.Default is GenerateParameterDefault generated)
        {
            parameter.Default = new ConstantParameterDefault(() => secrets.GetOrAdd(parameter.ConfigurationKey, generated.GetDefaultValue));
        }
        return parameter.Value;
    }

    private static string Encode(ComposeVariable variable, string value) => variable.IsUri ? Uri.EscapeDataString(value) : value;

    // A connection string ends a value at such a character, and a client would take the rest for something else.
    private static string Checked(ParameterResource parameter, string value) => !parameter.Secret || parameter.IsConnectionString || value.IndexOfAny([';', ',', '"', '\'', '\n']) < 0
        ? value
        : throw new DistributedApplicationException($"The value of parameter '{parameter.Name}' has one of the characters ; , \" ' or a line end, which cannot stand in a connection string. Choose another value.");

    [GeneratedRegex(@"\$\$|\$\{(?<name>\w+)(?::-(?<otherwise>(?:[^{}]|\$\{\w+\})*))?\}")]
    private static partial Regex Hole();
}
