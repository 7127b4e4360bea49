namespace Aspire.Hosting.Offline;

/// <summary>The three kinds of telemetry. Each has files of its own; the numbers are in them.</summary>
internal enum TelemetrySignal : byte
{
    Traces = 1,
    Logs = 2,
    Metrics = 3,
}
