namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value from outside: configuration key <c>Parameters:NAME</c>, or its default.</summary>
public class ParameterResource : Resource, IExpressionValue
{
    private readonly Func<ParameterDefault?, string> callback;
    private readonly Lock gate = new();
    private string? value;

    /// <summary>A parameter whose value is what <paramref name="callback"/> returns, asked once.</summary>
    public ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false) : base(name)
    {
        ArgumentNullException.ThrowIfNull(callback);
        this.callback = callback;
        Secret = secret;
    }

    /// <summary>Whether the value must not be shown.</summary>
    public bool Secret { get; }

    /// <summary>Where the value comes from when configuration has none; null means that it is then missing.</summary>
    public ParameterDefault? Default { get; set; }

    /// <summary>Whether the value is a connection string, read from <c>ConnectionStrings:NAME</c>.</summary>
    public bool IsConnectionString { get; set; }

    /// <summary>What the value is for; null when nobody said.</summary>
    public string? Description { get; set; }

    /// <summary>Whether <see cref="Description"/> is markdown.</summary>
    public bool EnableDescriptionMarkdown { get; set; }

    /// <summary>The value; throws <see cref="MissingParameterValueException"/> when there is none.</summary>
    public string Value
    {
        get
        {
            lock (gate)
            {
                return value ??= callback(Default);
            }
        }
    }

    /// <inheritdoc/>
    public string ValueExpression => IsConnectionString ? $"{{{Name}.connectionString}}" : $"{{{Name}.value}}";

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => new(Value);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken) => GetValueAsync(cancellationToken);

    // What is asked for when the value is missing; null means a text.
    internal Func<ParameterResource, InteractionInput>? Input { get; set; }

    /// <summary>Gives it a value that configuration does not have.</summary>
    internal void Set(string given)
    {
        lock (gate)
        {
            value = given;
        }
    }

    internal bool IsMissing()
    {
        try
        {
            _ = Value;
            return false;
        }
        catch (MissingParameterValueException)
        {
            return true;
        }
        catch (DistributedApplicationException)
        {
            // It has one that cannot be read; the resource says why.
            return false;
        }
    }

    internal string ConfigurationKey => IsConnectionString ? $"ConnectionStrings:{Name}" : $"Parameters:{Name}";
}

/// <summary>Where a parameter's value comes from when configuration has none.</summary>
public abstract class ParameterDefault
{
    /// <summary>The value.</summary>
    public abstract string GetDefaultValue();
}
