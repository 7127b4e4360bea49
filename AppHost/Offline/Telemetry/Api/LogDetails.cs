namespace Aspire.Hosting.Offline;

/// <summary>What recorded something.</summary>
internal sealed record ScopeAnswer(string Name, string? Version, IReadOnlyDictionary<string, object?> Attributes)
{
    internal static ScopeAnswer Of(TelemetryContent content, int scope)
    {
        var known = content.Scopes[scope];
        return new ScopeAnswer(known.Name, known.Version, new RecordReader(known.Attributes, content.Strings).Attributes());
    }
}

/// <summary>The exception of a log record.</summary>
internal sealed record ExceptionAnswer(string? Type, string? Message, string? StackTrace);

/// <summary>A log record with all that came with it.</summary>
internal sealed record LogDetails(
    long Id,
    string Time,
    string Resource,
    string? Instance,
    LogSeverity Severity,
    string Category,
    string Message,
    bool HasException,
    string? TraceId,
    string? SpanId,
    string? SeverityText,
    string? EventName,
    string? Observed,
    string? Template,
    IReadOnlyDictionary<string, object?> Attributes,
    ScopeAnswer Scope,
    ExceptionAnswer? Exception,
    IReadOnlyDictionary<string, object?> ResourceAttributes) : LogLine(Id, Time, Resource, Instance, Severity, Category, Message, HasException, TraceId, SpanId)
{
    // How .NET names the message before its values were put in.
    private const string TemplateKey = "{OriginalFormat}";

    /// <summary>The record with that id; null when it is gone.</summary>
    internal static LogDetails? Find(TelemetryContent content, long id)
    {
        if (!content.Logs.Has(id))
        {
            return null;
        }
        ref readonly var entry = ref content.Logs[id];
        var line = LogQuery.LineOf(content, id);
        var reader = new RecordReader(entry.Record.Bytes, content.Strings);
        reader.Value();
        var (severity, eventName, observed) = (reader.Text(), reader.Text(), reader.ZigZag());
        var attributes = reader.Attributes();
        var exception = entry.HasException
            ? new ExceptionAnswer(Take(attributes, "exception.type"), Take(attributes, "exception.message"), Take(attributes, "exception.stacktrace"))
            : null;
        return new LogDetails(
            line.Id, line.Time, line.Resource, line.Instance, line.Severity, line.Category, line.Message, line.HasException, line.TraceId, line.SpanId,
            severity.Length == 0 ? null : severity,
            eventName.Length == 0 ? Take(attributes, "EventName") : eventName,
            TelemetryTime.ToText(entry.Time + observed),
            Take(attributes, TemplateKey),
            attributes,
            ScopeAnswer.Of(content, entry.Scope),
            exception,
            new RecordReader(content.Resources[entry.Resource].Attributes, content.Strings).Attributes());
    }

    /// <summary>The attributes of a record that was not read yet.</summary>
    internal static Dictionary<string, object?> AttributesOf(RecordReader reader)
    {
        reader.Value();
        reader.SkipText();
        reader.SkipText();
        reader.ZigZag();
        return reader.Attributes();
    }

    private static string? Take(Dictionary<string, object?> attributes, string key) => attributes.Remove(key, out var value) ? RecordReader.AsText(value) : null;
}
