using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>How infrastructure, that is every container of the model, is to be made real.</summary>
internal enum InfrastructureMode
{
    /// <summary>The first way that this machine allows: container, process, embedded.</summary>
    Auto,

    /// <summary>As containers only.</summary>
    Containers,

    /// <summary>As processes of servers installed on this machine only.</summary>
    Processes,

    /// <summary>Not at all: services use what they have built in.</summary>
    Embedded,
}

/// <summary>Reads the option.</summary>
internal static class InfrastructureOption
{
    internal const string Key = "infrastructure";

    internal static InfrastructureMode Read(IConfiguration configuration)
    {
        var text = configuration[Key];
        return string.IsNullOrEmpty(text)
            ? InfrastructureMode.Auto
            : Enum.GetValues<InfrastructureMode>().Where(mode => string.Equals(mode.ToString(), text, StringComparison.OrdinalIgnoreCase)).Select(mode => (InfrastructureMode?)mode).FirstOrDefault()
                ?? throw new DistributedApplicationException($"--{Key} is '{text}', and it must be one of auto, containers, processes, embedded.");
    }
}
