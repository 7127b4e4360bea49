namespace Aspire.Hosting;

/// <summary>What is done with the application.</summary>
public enum DistributedApplicationOperation
{
    /// <summary>It runs here.</summary>
    Run = 0,

    /// <summary>It is described for a deployment.</summary>
    Publish = 1,
}

/// <summary>What the application is being used for.</summary>
public class DistributedApplicationExecutionContext
{
    private readonly DistributedApplicationExecutionContextOptions options;

    /// <summary>A use without a publisher.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation) : this(new DistributedApplicationExecutionContextOptions(operation))
    {
    }

    /// <summary>A use by a publisher.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationOperation operation, string publisherName)
        : this(new DistributedApplicationExecutionContextOptions(operation, publisherName))
    {
    }

    /// <summary>A use as the options say.</summary>
    public DistributedApplicationExecutionContext(DistributedApplicationExecutionContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        PublisherName = options.PublisherName ?? "manifest";
    }

    /// <summary>Which use.</summary>
    public DistributedApplicationOperation Operation => options.Operation;

    /// <summary>Whether it is described for a deployment.</summary>
    public bool IsPublishMode => Operation == DistributedApplicationOperation.Publish;

    /// <summary>Whether it runs here.</summary>
    public bool IsRunMode => Operation == DistributedApplicationOperation.Run;

    /// <summary>The publisher.</summary>
    public string PublisherName { get; set; }

    /// <summary>The application's services; throws before the application is built.</summary>
    public IServiceProvider ServiceProvider => options.ServiceProvider
        ?? throw new InvalidOperationException("The services are not there yet: the application is not built.");
}

/// <summary>What makes an execution context.</summary>
public class DistributedApplicationExecutionContextOptions
{
    /// <summary>A use without a publisher.</summary>
    public DistributedApplicationExecutionContextOptions(DistributedApplicationOperation operation) => Operation = operation;

    /// <summary>A use by a publisher.</summary>
    public DistributedApplicationExecutionContextOptions(DistributedApplicationOperation operation, string publisherName) : this(operation) =>
        PublisherName = publisherName;

    /// <summary>Which use.</summary>
    public DistributedApplicationOperation Operation { get; }

    /// <summary>The publisher; null for none.</summary>
    public string? PublisherName { get; }

    /// <summary>The application's services; null until it is built.</summary>
    public IServiceProvider? ServiceProvider { get; set; }
}
