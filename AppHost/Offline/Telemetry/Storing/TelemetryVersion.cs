namespace Aspire.Hosting.Offline;

/// <summary>How often what is kept has changed, by kind. <paramref name="Cleared"/> grows when something was deleted on demand.</summary>
internal readonly record struct TelemetryVersion(long Logs, long Spans, long Metrics, long Resources, long Cleared);
