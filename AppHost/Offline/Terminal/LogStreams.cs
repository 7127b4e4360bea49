using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Sends what each instance says to its file, to the host's own log when that was asked for, and what matters of it to the terminal: warnings and errors, unless
/// <c>--verbose</c> or the logging configuration of the category <c>APPLICATION.Terminal.INSTANCE</c> asks for more.
/// </summary>
internal sealed partial class LogStreams(
    ResourceLoggerService loggers,
    TerminalOutput output,
    StateDirectory data,
    DistributedApplicationOptions options,
    ILoggerFactory loggerFactory,
    IHostEnvironment environment,
    TimeProvider time) : IDisposable
{
    /// <summary>Stands between the application's name and the resource's in the category of a resource's lines.</summary>
    internal const string CategoryInfix = ".Resources.";

    private readonly List<LogFile> files = [];

    /// <summary>The category that says which lines of resources the terminal shows.</summary>
    internal static string TerminalCategory(IHostEnvironment environment) => $"{environment.ApplicationName}.Terminal";

    internal ResourceInstance Open(IResource resource, string instanceId, int replica)
    {
        var log = loggers.Log(instanceId);
        var file = new LogFile(data.Logs, instanceId, time);
        files.Add(file);
        var color = files.Count;
        var severity = new LineSeverity();
        var shown = loggerFactory.CreateLogger($"{TerminalCategory(environment)}.{instanceId}");
        output.PrefixWidth = Math.Max(output.PrefixWidth, Math.Max(instanceId.Length, TerminalLoggerProvider.Name.Length));
        log.AddSink(line =>
        {
            file.Append(line.Content);
            if (shown.IsEnabled(severity.Judge(line.Content, line.IsErrorMessage)))
            {
                output.Write(instanceId, line.Content, color, line.IsErrorMessage);
            }
        });
        if (options.EnableResourceLogging)
        {
            Forward(log, loggerFactory.CreateLogger($"{environment.ApplicationName}{CategoryInfix}{instanceId}"));
        }
        return new(resource, instanceId, replica, log);
    }

    private static void Forward(ResourceLog log, ILogger logger) => log.AddSink(line =>
    {
        if (line.IsErrorMessage)
        {
            LogErrorLine(logger, line.LineNumber, line.Content);
        }
        else
        {
            LogLine(logger, line.LineNumber, line.Content);
        }
    });

    [LoggerMessage(Level = LogLevel.Information, Message = "{Number}: {Line}")]
    private static partial void LogLine(ILogger logger, int number, string line);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Number}: {Line}")]
    private static partial void LogErrorLine(ILogger logger, int number, string line);

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
