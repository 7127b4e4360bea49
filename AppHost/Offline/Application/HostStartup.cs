namespace Aspire.Hosting.Offline;

/// <summary>What the host does instead of running: help, and what has to do with a deployment.</summary>
internal sealed class HostStartup(
    HostDescription host,
    IReadOnlyList<string> arguments,
    DistributedApplicationExecutionContext executionContext,
    Func<PublishingCommand> publishing,
    TimeProvider time,
    TextWriter output,
    TextWriter errors)
{
    /// <summary>Answers what asks for an answer only, and returns the exit code; null means: run.</summary>
    internal async Task<int?> TryAnswerAsync(CancellationToken cancellationToken)
    {
        if (HostDescription.AsksForHelp(arguments))
        {
            foreach (var line in host.Help())
            {
                output.WriteLine(line);
            }
            return 0;
        }
        if (!executionContext.IsPublishMode)
        {
            return null;
        }
        using var interruption = new Interruption(errors, time, cancellationToken);
        try
        {
            await publishing().RunAsync(interruption.Token);
            return 0;
        }
        catch (DistributedApplicationException failure)
        {
            Refuse(failure);
            return 1;
        }
        catch (OperationCanceledException) when (interruption.HasHappened)
        {
            return Interruption.ExitCode;
        }
    }

    /// <summary>Says in one line what is wrong with a description or a value it was given, instead of a stack trace; anything else is a defect and keeps its trace.</summary>
    internal static void ExplainFailures() => AppDomain.CurrentDomain.UnhandledException += (_, failure) =>
    {
        if (failure.ExceptionObject is DistributedApplicationException or ArgumentException || failure.ExceptionObject is InvalidOperationException { InnerException: FormatException or ArgumentException })
        {
            Console.Error.WriteLine($"error: {((Exception)failure.ExceptionObject).Message}");
            Environment.Exit(1);
        }
    };

    internal void Refuse(DistributedApplicationException failure) => errors.WriteLine($"error: {failure.Message}");
}
