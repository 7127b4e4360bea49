namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known only when the application runs.</summary>
public interface IValueProvider
{
    /// <summary>The value, or null when there is none.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);

    /// <summary>The value as <paramref name="context"/> sees it.</summary>
    ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) => GetValueAsync(cancellationToken);
}

/// <summary>A value that has a placeholder in a manifest.</summary>
public interface IManifestExpressionProvider
{
    /// <summary>The placeholder, for example <c>{db.connectionString}</c>.</summary>
    string ValueExpression { get; }
}

/// <summary>A value for both: a run and a manifest.</summary>
public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>A value made of others.</summary>
public interface IValueWithReferences
{
    /// <summary>What it is made of: resources and value providers.</summary>
    IEnumerable<object> References { get; }
}

/// <summary>Who asks for a value, and from where.</summary>
public class ValueProviderContext
{
    /// <summary>How the application is used; null when not known.</summary>
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    /// <summary>The resource that asks; null when it is the host.</summary>
    public IResource? Caller { get; init; }

    /// <summary>The network it asks from; null means the host's own.</summary>
    public NetworkIdentifier? Network { get; init; }
}
