using System.Reflection;

namespace Stack.Cli;

/// <summary>The command's own version.</summary>
internal static class ProductVersion
{
    /// <summary>Without the build's commit, for example <c>0.1.0</c>.</summary>
    public static string OfThisCommand { get; } =
        (typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
