namespace Aspire.Hosting.ApplicationModel;

/// <summary>A connection string from configuration.</summary>
internal sealed class ConnectionStringParameterResource : ParameterResource, IResourceWithConnectionString, IResourceWithoutLifetime
{
    private readonly string? environmentVariableName;

    internal ConnectionStringParameterResource(string name, Func<ParameterDefault?, string> callback, string? environmentVariableName) : base(name, callback, secret: true)
    {
        IsConnectionString = true;
        this.environmentVariableName = environmentVariableName;
    }

    public string? ConnectionStringEnvironmentVariable => environmentVariableName;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{(ParameterResource)this}");

    // Not the expression: that mentions this resource again.
    IEnumerable<object> IValueWithReferences.References => [];
}
