using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Sends what each instance says to the terminal and to its file.</summary>
internal sealed class LogStreams(ResourceLoggerService loggers, TerminalOutput output, StateDirectory data, TimeProvider time) : IDisposable
{
    private readonly List<LogFile> files = [];

    internal ResourceInstance Open(IResource resource, string instanceId, int replica)
    {
        var log = loggers.Log(instanceId);
        var file = new LogFile(data.Logs, instanceId, time);
        files.Add(file);
        var color = files.Count;
        output.PrefixWidth = Math.Max(output.PrefixWidth, Math.Max(instanceId.Length, TerminalLoggerProvider.Name.Length));
        log.AddSink(line =>
        {
            file.Append(line.Content);
            output.Write(instanceId, line.Content, color, line.IsErrorMessage);
        });
        return new(resource, instanceId, replica, log);
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
