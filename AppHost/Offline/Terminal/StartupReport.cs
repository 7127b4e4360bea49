using System.Globalization;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Says what became healthy, and when everything is, with a table; until then, every ten seconds, what is not and why.</summary>
internal sealed class StartupReport(
    DistributedApplicationModel model, ResourceNotificationService notifications, TerminalOutput output, MemoryUse memory, HostDescription host, StartClock clock, StateDirectory data, DashboardServer dashboard, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(5);

    internal async Task RunAsync(IReadOnlyList<ResourceSupervisor> supervisors, CancellationToken cancellationToken)
    {
        if (supervisors.Count == 0)
        {
            return;
        }
        var settled = UntilSettledAsync(supervisors, cancellationToken);
        while (await Task.WhenAny(settled, Task.Delay(Patience, time, cancellationToken)) != settled)
        {
            cancellationToken.ThrowIfCancellationRequested();
            WritePending(supervisors);
        }
        await settled;
        WriteTable();
        await Task.Delay(UntilIdle, time, cancellationToken);
        Say($"idle memory: {memory.OfAll()}");
    }

    private static bool IsSettled(CustomResourceSnapshot snapshot) => snapshot.State?.Text switch
    {
        "Running" => snapshot.HealthStatus == HealthStatus.Healthy && snapshot.ReadyEventHandled is { IsCompleted: true },
        "NotStarted" => true,
        "Finished" or "Exited" => snapshot.ExitCode == 0,
        _ => false,
    };

    private async Task UntilSettledAsync(IReadOnlyList<ResourceSupervisor> supervisors, CancellationToken cancellationToken)
    {
        var waited = supervisors.Select(supervisor => supervisor.Instance.Id).ToHashSet(StringComparer.Ordinal);
        var told = supervisors.Where(supervisor => supervisor.Instance.Resource.IsEmbedded()).Select(supervisor => supervisor.Instance.Id).ToHashSet(StringComparer.Ordinal);
        await foreach (var change in notifications.WatchAsync(cancellationToken))
        {
            if (change.Snapshot.ReadyEventHandled is { } handled && waited.Contains(change.ResourceId))
            {
                await Task.WhenAny(handled);
            }
            // The newest state of each, which may be newer than the change that woke us.
            var newest = waited.Select(id => notifications.TryGetCurrentState(id, out var known) ? known : null).OfType<ResourceEvent>().ToList();
            foreach (var known in newest)
            {
                if (known.Snapshot.State?.Text == KnownResourceStates.Running && IsSettled(known.Snapshot) && told.Add(known.ResourceId))
                {
                    Say(string.Create(CultureInfo.InvariantCulture, $"{known.ResourceId} is healthy ({clock.SinceHostStart.TotalSeconds:0.0} s)"));
                }
            }
            if (newest.Count == waited.Count && newest.TrueForAll(known => IsSettled(known.Snapshot)))
            {
                return;
            }
        }
    }

    private void WriteTable()
    {
        var took = clock.SinceHostStart;
        var sinceCommand = clock.SinceCommand;
        output.Write("");
        foreach (var line in StatusTable.Format([.. model.Resources.SelectMany(resource => StatusTable.Rows(resource, notifications, memory.OfInstance))]))
        {
            output.Write(line);
        }
        output.Write("");
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"all healthy in {took.TotalSeconds:0.0} s{(sinceCommand is { } longer ? string.Create(CultureInfo.InvariantCulture, $" ({longer.TotalSeconds:0.0} s since dotnet run)") : "")}"));
        Say($"logs: {data.Logs} (every line here: {TerminalVerbosity.Option})");
        if (dashboard.LoginLink is { } link)
        {
            Say($"dashboard: {link}");
        }
        if (host.Next is { Length: > 0 } next)
        {
            Say($"next: {Fill(next)}");
        }
        Say("Distributed application started. Press Ctrl+C to shut down.");
    }

    private void WritePending(IReadOnlyList<ResourceSupervisor> supervisors)
    {
        var pending = supervisors.Select(supervisor => notifications.TryGetCurrentState(supervisor.Instance.Id, out var known) ? known : null)
            .OfType<ResourceEvent>().Where(known => !IsSettled(known.Snapshot)).GroupBy(known => Reason(known.Snapshot), known => known.ResourceId);
        foreach (var group in pending)
        {
            Say($"not healthy yet: {string.Join(", ", group)} ({group.Key})");
        }
    }

    private static string Reason(CustomResourceSnapshot snapshot) => snapshot switch
    {
        { State.Text: "Waiting" } => $"waiting for {snapshot.Properties.Get(KnownProperties.WaitingFor)}",
        { State.Text: "Running" } => string.Join("; ", snapshot.HealthReports.Where(report => report.Status != HealthStatus.Healthy).Select(report => report.Description ?? "not checked yet")),
        { ExitCode: { } code } => $"{snapshot.State?.Text}, {ExitCode.Describe(code)}",
        _ => snapshot.State?.Text ?? "unknown",
    };

    // {NAME} in the text becomes the first URL of the resource of that name; where that is the usual one, the option before it goes.
    private string Fill(string text) => model.Resources.Aggregate(text, (filled, resource) =>
    {
        if (!notifications.TryGetCurrentState(resource.Name, out var known) || known.Snapshot.Urls.FirstOrDefault() is not { } url)
        {
            return filled;
        }
        var mention = $"{{{resource.Name}}}";
        return host.UsualUrlOf(resource.Name) == url.Url
            ? Regex.Replace(filled, $@" --[\w-]+ {Regex.Escape(mention)}", "")
            : filled.Replace(mention, url.Url, StringComparison.Ordinal);
    });

    private void Say(string line) => output.Write(TerminalLoggerProvider.Name, line, color: 0);
}
