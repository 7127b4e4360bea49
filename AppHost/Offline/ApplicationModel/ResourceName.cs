namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a resource may be called: 1 to 64 ASCII letters, digits and hyphens, a letter first, no double and no trailing hyphen.</summary>
internal static class ResourceName
{
    private const int MaximumLength = 64;

    internal static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var problem = name switch
        {
            { Length: > MaximumLength } => $"it is {name.Length} characters long, and {MaximumLength} are allowed",
            _ when !char.IsAsciiLetter(name[0]) => "it must start with an ASCII letter",
            _ when name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter != '-') => "only ASCII letters, digits and hyphens are allowed",
            _ when name.Contains("--", StringComparison.Ordinal) => "two hyphens in a row are not allowed",
            _ when name[^1] == '-' => "it must not end with a hyphen",
            _ => null,
        };
        if (problem is not null)
        {
            throw new ArgumentException($"Resource name '{name}' is invalid: {problem}.", nameof(name));
        }
    }
}

/// <summary>Marks the parameter of an extension that is a resource name.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ResourceNameAttribute : Attribute;

/// <summary>Marks the parameter of an extension that is an endpoint name.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EndpointNameAttribute : Attribute;
