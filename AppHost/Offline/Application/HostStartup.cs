namespace Aspire.Hosting.Offline;

/// <summary>What the host answers instead of running: help, and the refusal of what it cannot do.</summary>
internal sealed class HostStartup(HostDescription host, IReadOnlyList<string> arguments, DistributedApplicationExecutionContext executionContext, TextWriter output, TextWriter errors)
{
    /// <summary>Answers what asks for an answer only, and returns the exit code; null means: run.</summary>
    internal int? TryAnswer()
    {
        if (HostDescription.AsksForHelp(arguments))
        {
            foreach (var line in host.Help())
            {
                output.WriteLine(line);
            }
            return 0;
        }
        if (executionContext.IsPublishMode)
        {
            errors.WriteLine("error: this host does not publish yet. Build with -p:UseAspire=true where Aspire is installed to publish.");
            return 64;
        }
        return null;
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
