using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Offline;

/// <summary>Writes the host's own log to the terminal, as lines of <c>apphost</c>.</summary>
internal sealed class TerminalLoggerProvider(TerminalOutput output) : ILoggerProvider
{
    internal const string Name = "apphost";

    // What resources say is on the terminal already, under their own names.
    public ILogger CreateLogger(string categoryName) => categoryName.Contains(LogStreams.CategoryInfix, StringComparison.Ordinal) ? NullLogger.Instance : new TerminalLogger(output);

    public void Dispose()
    {
    }

    private sealed class TerminalLogger(TerminalOutput output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var severity = logLevel switch
            {
                LogLevel.Warning => "warning: ",
                LogLevel.Error or LogLevel.Critical => "error: ",
                _ => "",
            };
            var text = $"{severity}{formatter(state, exception)}{(exception is null ? "" : $"{Environment.NewLine}{exception}")}";
            foreach (var line in text.Split(Environment.NewLine))
            {
                output.Write(Name, line, color: 0, isError: logLevel >= LogLevel.Error);
            }
        }
    }
}
