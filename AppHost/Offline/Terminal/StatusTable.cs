using System.Globalization;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The state of every resource, for people: one line each, in the order of the model.</summary>
internal static class StatusTable
{
    internal sealed record Row(string Name, string Kind, string State, string Url, string Pid, string Memory, string Note);

    internal static IEnumerable<string> Format(IReadOnlyList<Row> rows)
    {
        Row[] all = [new("NAME", "KIND", "STATE", "URL", "PID", "MEMORY", "NOTE"), .. rows];
        Func<Row, string>[] columns = [row => row.Name, row => row.Kind, row => row.State, row => row.Url, row => row.Pid, row => row.Memory, row => row.Note];
        var widths = columns.Select(column => all.Max(row => column(row).Length)).ToArray();
        foreach (var row in all)
        {
            var line = new StringBuilder();
            for (var index = 0; index < columns.Length; index++)
            {
                line.Append(columns[index](row).PadRight(widths[index])).Append("  ");
            }
            yield return line.ToString().TrimEnd();
        }
    }

    /// <summary>The rows of a resource: one per instance; none for a value, which is nothing that runs.</summary>
    internal static IEnumerable<Row> Rows(IResource resource, ResourceNotificationService notifications, Func<string, long> memoryOf)
    {
        if (resource.IsEmbedded())
        {
            var reason = resource.MaterializedAs() is { Kind: MaterializationKind.Embedded } decision ? decision.Reason : $"part of {resource.SelfAndAncestors().Last().Name}";
            yield return new(resource.Name, "embedded", "embedded", "-", "-", "-", reason);
            yield break;
        }
        if (resource.MaterializedAs() is not { Kind: not MaterializationKind.Value } materialized)
        {
            yield break;
        }
        foreach (var id in resource.InstanceIds())
        {
            if (notifications.TryGetCurrentState(id, out var known))
            {
                var snapshot = known.Snapshot;
                yield return new(
                    id,
                    materialized.Kind.ToString().ToLowerInvariant(),
                    StateOf(snapshot),
                    snapshot.Urls.Select(url => url.Url).FirstOrDefault() ?? "-",
                    Convert.ToString(snapshot.Properties.Get(KnownProperties.ExecutablePid), CultureInfo.InvariantCulture) is { Length: > 0 } pid ? pid : "-",
                    memoryOf(id) is > 0 and var bytes ? MemoryUse.Describe(bytes) : "-",
                    resource.IsContainer() ? materialized.Reason : "");
            }
        }
    }

    private static string StateOf(CustomResourceSnapshot snapshot) => snapshot switch
    {
        { HealthStatus: { } health, State.Text: "Running" } => health.ToString().ToLowerInvariant(),
        { ExitCode: { } code, State: { } state } => $"{state.Text} ({code})",
        _ => snapshot.State?.Text ?? "unknown",
    };
}
