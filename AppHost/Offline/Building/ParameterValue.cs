using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>Finds the value of a parameter: its configuration key, the same with underscores for hyphens, its default.</summary>
internal static class ParameterValue
{
    internal static string Read(IConfiguration configuration, string name, string key, ParameterDefault? otherwise)
    {
        var value = configuration[key] ?? configuration[key.Replace('-', '_')] ?? otherwise?.GetDefaultValue();
        return value ?? throw new MissingParameterValueException(
            $"Parameter '{name}' has no value. Give it one: on the command line (--{key} VALUE), in the environment ({Variable(key)}=VALUE) or in appsettings.json (key '{key}').");
    }

    private static string Variable(string key) => key.Replace(":", "__", StringComparison.Ordinal).Replace('-', '_');
}

/// <summary>A value that is known when the application is described.</summary>
internal sealed class ConstantParameterDefault(Func<string> valueGetter) : ParameterDefault
{
    public override string GetDefaultValue() => valueGetter();
}

/// <summary>A value that is made once and kept in the secrets file of the data directory.</summary>
internal sealed class KeptParameterDefault(IDistributedApplicationBuilder builder, string name, ParameterDefault inner) : ParameterDefault
{
    internal ParameterDefault Inner { get; } = inner;

    // The data directory may still be set after the parameter is declared, so it is looked up when the value is wanted.
    public override string GetDefaultValue() =>
        new SecretFile(StateDirectory.PathOf(builder.Configuration, builder.AppHostDirectory)).GetOrAdd($"Parameters:{name}", Inner.GetDefaultValue);
}
