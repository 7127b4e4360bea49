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

    internal void Refuse(DistributedApplicationException failure) => errors.WriteLine($"error: {failure.Message}");
}
