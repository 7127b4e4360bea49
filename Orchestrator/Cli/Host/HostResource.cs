namespace Stack.Cli;

/// <summary>A resource of the AppHost.</summary>
internal sealed record HostResource
{
    /// <summary>Its name in the application model.</summary>
    public required string Name { get; init; }

    /// <summary>Its state, for example <c>Running</c>.</summary>
    public string? State { get; init; }

    /// <summary>How it is: <c>healthy</c>, <c>degraded</c>, <c>unhealthy</c>. Null: nobody checks.</summary>
    public string? Health { get; init; }

    /// <summary><c>process</c>, <c>container</c>, <c>embedded</c> or <c>value</c>.</summary>
    public string? MaterializedAs { get; init; }

    /// <summary>Why so. Null: there is nothing to say.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<HostInstance> Instances { get; init; } = [];

    public IReadOnlyList<HostEndpoint> Endpoints { get; init; } = [];

    /// <summary>Whether something can happen to it that a drill wants.</summary>
    public bool IsProcess => MaterializedAs == "process";

    /// <summary>The instances that run.</summary>
    public IEnumerable<HostInstance> Running => Instances.Where(instance => instance.IsRunning);

    /// <summary>Whether every instance runs and is not unwell.</summary>
    public bool IsWell => Instances.Count > 0 && Instances.All(instance => instance is { IsRunning: true, Health: null or "healthy" });
}

/// <summary>One running copy of a resource.</summary>
internal sealed record HostInstance
{
    public required string Id { get; init; }

    /// <summary>Null: it does not run.</summary>
    public int? ProcessId { get; init; }

    public string? State { get; init; }

    public string? Health { get; init; }

    public bool IsRunning => State == "Running" && ProcessId is not null;
}

/// <summary>Where a resource answers.</summary>
internal sealed record HostEndpoint(string Name, Uri Url);

/// <summary>All resources.</summary>
internal sealed record HostResourceList(IReadOnlyList<HostResource> Resources);
