namespace Aspire.Hosting.Offline;

/// <summary>What was sent is not the message it should be. Nothing of it was taken.</summary>
internal sealed class MalformedTelemetryException(string what) : Exception($"The request is not a well-formed OTLP message: {what}.");
