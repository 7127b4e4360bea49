using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Turns what is known of an instance that is not healthy into an explanation. Pure: no clock, no services.</summary>
internal static class ResourceExplainer
{
    private const string ReadTheLog = "Read its console log; the last error is the likeliest cause.";

    /// <summary>The explanation; null when the instance is as it should be.</summary>
    internal static ResourceExplanation? Explain(ExplainedInstance one) => one.Snapshot switch
    {
        { State.Text: "Running", HealthStatus: HealthStatus.Healthy } => null,
        { State.Text: "Running" } => Unhealthy(one),
        { State.Text: "Active" } => null,
        _ when one.Parent is { } parent => Belonging(one, parent),
        { State.Text: "Waiting" } => Waiting(one),
        { State.Text: "FailedToStart" } => NotStartable(one),
        { State.Text: "Finished" or "Exited" } => Ended(one),
        { State.Text: "NotStarted" } => NotStarted(one),
        { State.Text: "ValueMissing" } => WithoutValue(one),
        { State.Text: "RuntimeUnhealthy" } => WithoutRuntime(one),
        { State.Text: "Stopping" } => Make(one, ExplanationSeverity.Notice, $"It is stopping{Asked(one, "stop", "restart")}."),
        _ => Make(one, ExplanationSeverity.Notice, "It is being started.", error: ErrorOf(one, takesAnything: false)),
    };

    private static ResourceExplanation Unhealthy(ExplainedInstance one)
    {
        var failing = one.Snapshot.HealthReports.Where(report => report.Status != HealthStatus.Healthy).ToArray();
        if (failing.All(report => report.Status is null))
        {
            return Make(one, ExplanationSeverity.Notice, $"It runs; {(failing.Length == 1 ? "its health check" : $"its {failing.Length} health checks")} did not answer yet.", error: ErrorOf(one, takesAnything: false));
        }
        var first = failing.First(report => report.Status is not null);
        var was = one.Changes.Any(change => change.Health == "healthy") ? "is not healthy any more" : "has not been healthy yet";
        return Make(
            one,
            ExplanationSeverity.Warning,
            $"It runs, but {was}: {SentenceOf(first)}.",
            details: [.. failing.Skip(1).Where(report => report.Status is not null).Select(report => $"{report.Name}: {SentenceOf(report)}.")],
            error: ErrorOf(one, takesAnything: false) ?? (first.ExceptionText is { } text ? new("health check", FirstLine(text), first.LastRunAt is { } at ? new(at, TimeSpan.Zero) : null) : null),
            remedies: [HealthRemedy(first), ReadTheLog, "Restart it when it does not recover."]);
    }

    private static ResourceExplanation Waiting(ExplainedInstance one)
    {
        var pending = one.Waits.Where(wait => !IsSatisfied(wait)).ToArray();
        var names = pending.Select(wait => wait.Name).Distinct().ToArray();
        var broken = pending.Where(wait => IsBroken(wait.Snapshot)).Select(wait => wait.Name).Distinct().ToArray();
        return Make(
            one,
            broken.Length > 0 ? ExplanationSeverity.Warning : ExplanationSeverity.Notice,
            names.Length == 0 ? "All it waited for is there; it starts next." : $"It waits for {List(names)}.",
            waits: [.. pending.Select(Describe)],
            remedies: broken.Length == 0
                ? ["It starts by itself as soon as they are ready. Start it now to skip the wait."]
                : [$"Look at {List(broken)} first: {(broken.Length == 1 ? "it does" : "they do")} not come by {(broken.Length == 1 ? "itself" : "themselves")}.", "Or start it now to skip the wait."]);
    }

    private static ResourceExplanation NotStartable(ExplainedInstance one)
    {
        var error = ErrorOf(one, takesAnything: true);
        var next = NextTry(one.Snapshot);
        return Make(
            one,
            ExplanationSeverity.Error,
            $"It could not be started{(error is null ? "" : $": {FirstLine(error.Text).TrimEnd('.')}")}.",
            error: error,
            next: next,
            remedies: [next is null ? "Do what the message says, then start it." : "Do what the message says; the host tries again by itself.", "Its console log has all that was said."]);
    }

    private static ResourceExplanation Ended(ExplainedInstance one)
    {
        if (WasTold(one))
        {
            var asked = Asked(one, "stop", "restart");
            var code = one.Snapshot.ExitCode is { } how and not 0 ? $" It ended with {ExitCode.Describe(how)}, as a program does that is told to stop." : "";
            return Make(one, ExplanationSeverity.Notice, $"It was stopped{(asked.Length > 0 ? asked : " on request")}.{code}", remedies: ["Start it when it is needed again."]);
        }
        if (one.Snapshot.ExitCode is null or 0)
        {
            return Make(one, ExplanationSeverity.Notice, $"It ended by itself{(one.Snapshot.ExitCode is 0 ? " with exit code 0: it was done" : "")}.", remedies: ["Start it to run it again."]);
        }
        var next = NextTry(one.Snapshot);
        var crashes = one.Snapshot.Properties.Get(KnownProperties.RestartCrashes) as int? ?? 0;
        return Make(
            one,
            ExplanationSeverity.Error,
            $"It crashed with {ExitCode.Describe(one.Snapshot.ExitCode.Value)}{(crashes > 1 ? string.Create(CultureInfo.InvariantCulture, $", for the {crashes}. time in a row") : "")}.",
            error: ErrorOf(one, takesAnything: true),
            next: next,
            remedies: [ReadTheLog, next is null ? "Start it again when the cause is gone." : "The host starts it again by itself, later after every crash; start it now to not wait, or stop it to end that."]);
    }

    private static ResourceExplanation NotStarted(ExplainedInstance one) => one.Request is { Command: "stop" }
        ? Make(one, ExplanationSeverity.Notice, $"It was stopped before it had started{Asked(one, "stop")}.", remedies: ["Start it when it is needed."])
        : Make(one, ExplanationSeverity.Notice, "It starts only when somebody asks for it, as the application says.", remedies: ["Start it when it is needed."]);

    private static ResourceExplanation WithoutValue(ExplainedInstance one) => Make(
        one,
        ExplanationSeverity.Error,
        "The parameter has no value, and what needs it cannot start.",
        remedies:
        [
            "Give it a value here, with the command Set value; the host keeps it.",
            $"Or start the host with --Parameters:{one.Name} VALUE, or with the environment variable Parameters__{one.Name.Replace('-', '_')}.",
            $"Or keep it among the user secrets: dotnet user-secrets set Parameters:{one.Name} VALUE --project AppHost",
        ]);

    private static ResourceExplanation WithoutRuntime(ExplainedInstance one) => Make(
        one,
        ExplanationSeverity.Error,
        "The container runtime does not answer.",
        error: ErrorOf(one, takesAnything: true),
        remedies: ["Start docker or podman (\"docker info\" or \"podman info\" says whether it works).", "Or start the host with --infrastructure processes or embedded."]);

    private static ResourceExplanation Belonging(ExplainedInstance one, string parent) =>
        Make(one, ExplanationSeverity.Notice, $"It belongs to {parent} and is there when {parent} is.", remedies: [$"Look at {parent}."]);

    private static ResourceExplanation Make(
        ExplainedInstance one,
        ExplanationSeverity severity,
        string headline,
        IReadOnlyList<string>? details = null,
        IReadOnlyList<ExplainedWait>? waits = null,
        ExplainedError? error = null,
        DateTimeOffset? next = null,
        IReadOnlyList<string>? remedies = null) =>
        new(severity, headline, one.Changes.Count > 0 ? SinceOf(one.Changes) : null, details ?? [], waits ?? [], error, next, remedies ?? []);

    /// <summary>Since when the state and the health are what they are.</summary>
    internal static DateTimeOffset? SinceOf(IReadOnlyList<ResourceChange> changes)
    {
        if (changes.Count == 0)
        {
            return null;
        }
        var (state, health) = (changes[^1].State, changes[^1].Health);
        return changes.Reverse().TakeWhile(change => change.State == state && change.Health == health).Last().At;
    }

    private static ExplainedWait Describe(AwaitedInstance wait) => new(
        wait.Name,
        wait.Type switch
        {
            WaitType.WaitForCompletion => "to complete",
            WaitType.WaitUntilStarted => "to run",
            _ => "to be healthy",
        },
        StateOf(wait.Snapshot),
        wait.Since,
        wait.Snapshot switch
        {
            { State.Text: "Running", HealthStatus: not HealthStatus.Healthy } snapshot => snapshot.HealthReports.Where(report => report.Status is not (null or HealthStatus.Healthy)).Select(SentenceOf).FirstOrDefault(),
            { State.Text: "Waiting" } snapshot => $"it waits for {snapshot.Properties.Get(KnownProperties.WaitingFor)}",
            { ExitCode: { } code } => $"it ended with {ExitCode.Describe(code)}",
            _ => null,
        });

    private static string StateOf(CustomResourceSnapshot? snapshot) => snapshot switch
    {
        { State.Text: "Running", HealthStatus: { } health } => health == HealthStatus.Healthy ? "healthy" : "running, not healthy",
        _ => snapshot?.State?.Text is { } text ? Words(text) : "not there yet",
    };

    private static string Words(string state) => state switch
    {
        "FailedToStart" => "failed to start",
        "NotStarted" => "not started",
        "ValueMissing" => "without a value",
        "RuntimeUnhealthy" => "without a container runtime",
        _ => state.ToLowerInvariant(),
    };

    private static bool IsSatisfied(AwaitedInstance wait) => wait.Type switch
    {
        WaitType.WaitForCompletion => KnownResourceStates.TerminalStates.Contains(wait.Snapshot?.State?.Text ?? ""),
        WaitType.WaitUntilStarted => wait.Snapshot?.State?.Text == KnownResourceStates.Running,
        _ => wait.Snapshot is { State.Text: "Running", HealthStatus: HealthStatus.Healthy },
    };

    // It will not become ready without somebody doing something, or it is in trouble.
    private static bool IsBroken(CustomResourceSnapshot? snapshot) => snapshot switch
    {
        { State.Text: "FailedToStart" or "Exited" or "Finished" or "NotStarted" or "ValueMissing" or "RuntimeUnhealthy" } => true,
        { State.Text: "Running" } => snapshot.HealthReports.Any(report => report.Status is HealthStatus.Unhealthy or HealthStatus.Degraded),
        _ => false,
    };

    // What goes through Stopping was told to; what crashes does not.
    private static bool WasTold(ExplainedInstance one) => one.Changes.Count > 1 && one.Changes[^2].State == KnownResourceStates.Stopping;

    private static string Asked(ExplainedInstance one, params ReadOnlySpan<string> commands) =>
        one.Request is { } request && commands.Contains(request.Command) ? $" with the command {request.Command}, given {request.By}" : "";

    private static DateTimeOffset? NextTry(CustomResourceSnapshot snapshot) =>
        snapshot.Properties.Get(KnownProperties.RestartAt) is DateTime at ? new DateTimeOffset(at, TimeSpan.Zero) : null;

    // What an earlier run wrote is not this one's error.
    private static ExplainedError? ErrorOf(ExplainedInstance one, bool takesAnything) =>
        LastError.Find(one.Lines, one.Changes.LastOrDefault(change => change.State == KnownResourceStates.Starting)?.At, takesAnything);

    private static string SentenceOf(HealthReportSnapshot report) => (report.Description ?? (report.ExceptionText is { } text ? FirstLine(text) : $"{report.Name} says {report.Status?.ToString().ToLowerInvariant()}")).TrimEnd('.');

    private static string HealthRemedy(HealthReportSnapshot report) => report.Description switch
    {
        { } text when text.Contains("refused", StringComparison.OrdinalIgnoreCase) => "Nothing listens at its address: it is still starting, or it listens elsewhere than the application says.",
        { } text when text.Contains("within", StringComparison.OrdinalIgnoreCase) => "It does not answer in time: it is overloaded, paused or stuck.",
        { } text when text.Contains("answered 5", StringComparison.Ordinal) => "It answers that it is not ready: open its health address to see which of its checks fails.",
        { } text when text.Contains("answered 4", StringComparison.Ordinal) => "The address of the check is wrong, or needs a login.",
        _ => "See what its health check says below.",
    };

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private static string List(string[] names) => names.Length < 2 ? string.Concat(names) : $"{string.Join(", ", names[..^1])} and {names[^1]}";
}
