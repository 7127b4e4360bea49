namespace Aspire.Hosting.Offline;

/// <summary>Starts the processes of instances, with the marks by which they and what they start are found.</summary>
internal sealed class InstanceStarter(RunMarker marker, LeftoverReaper reaper, TimeProvider time)
{
    /// <summary>Starts the process that the instance is from now on.</summary>
    internal ProcessInstance Start(ResourceInstance instance, LaunchCommand command)
    {
        var child = ChildProcess.Start(Marked(instance, command), instance.Log.Append);
        reaper.Register(instance.Id, child.Id, command);
        return new ProcessInstance(instance, child, command, reaper, time);
    }

    /// <summary>Starts a program that tells of the instance and is not it: it ends with the run, and nobody takes its end for the instance's.</summary>
    internal ChildProcess StartClient(ResourceInstance instance, LaunchCommand command) => ChildProcess.Start(Marked(instance, command), instance.Log.Append);

    /// <summary>Runs a program for an instance to its end, and throws with its last words when that is not exit code 0.</summary>
    internal async Task RunAsync(ResourceInstance instance, LaunchCommand command, string input, CancellationToken cancellationToken)
    {
        var words = new Queue<string>();
        await using var child = ChildProcess.Start(Marked(instance, command), (line, isError) => Listen(line, isError), input);
        var code = await child.Exited.WaitAsync(cancellationToken);
        await child.DrainAsync();
        if (code != 0)
        {
            throw new DistributedApplicationException($"{Path.GetFileName(command.Program)} ended with {ExitCode.Describe(code)}: {string.Join(" | ", words)}");
        }

        void Listen(string line, bool isError)
        {
            if (command.IsQuiet)
            {
                return;
            }
            instance.Log.Append(line, isError);
            lock (words)
            {
                words.Enqueue(line);
                if (words.Count > 5)
                {
                    words.Dequeue();
                }
            }
        }
    }

    private LaunchCommand Marked(ResourceInstance instance, LaunchCommand command) => command with
    {
        Environment =
        [
            .. command.Environment,
            new(RunMarker.RunVariable, marker.RunId, IsSecret: false),
            new(RunMarker.InstanceVariable, marker.InstanceId(instance.Id), IsSecret: false),
        ],
    };
}
