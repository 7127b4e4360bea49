using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Makes supervisors.</summary>
internal sealed class SupervisorFactory(
    HealthMonitor health,
    ParameterValues parameters,
    ResourceNotificationService notifications,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    TimeProvider time,
    ILogger<ResourceSupervisor> logger)
{
    internal ResourceSupervisor Create(ResourceInstance instance, IMaterializer materializer, bool restartsCrashes) =>
        new(instance, materializer, health, parameters, notifications, eventing, services, time, restartsCrashes, logger);
}
