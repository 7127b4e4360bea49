using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>What is told to whoever runs the program of an application host inside a test. All of it is called on the thread of that program.</summary>
/// <param name="Creating">A builder is about to be made; its options and settings may still be changed.</param>
/// <param name="Created">The builder was made, and nothing described on it yet.</param>
/// <param name="Building">Everything was described; the application is built when this returns.</param>
/// <param name="Built">The application was built.</param>
internal sealed record EntryPointHooks(
    Action<DistributedApplicationOptions, HostApplicationBuilderSettings> Creating,
    Action<DistributedApplicationBuilder> Created,
    Action<DistributedApplicationBuilder> Building,
    Action<DistributedApplication> Built);

/// <summary>
/// The program of an application host, run on a thread of its own inside another process. It describes and builds its application as
/// always; whoever observes it starts and ends the application. The program's own call to run waits until then.
/// </summary>
internal sealed class ObservedEntryPoint(Assembly assembly, string[] arguments, EntryPointHooks hooks)
{
    private static readonly AsyncLocal<ObservedEntryPoint?> Running = new();

    private readonly TaskCompletionSource<DistributedApplication> built = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The program whose code asks; null when it is not one that is observed.</summary>
    internal static ObservedEntryPoint? Current => Running.Value;

    internal EntryPointHooks Hooks => hooks;

    /// <summary>The application, or what the program threw before it had one.</summary>
    internal Task<DistributedApplication> Built => built.Task;

    internal void Start()
    {
        if (assembly.EntryPoint is not { } program)
        {
            throw new InvalidOperationException($"The assembly '{assembly.GetName().Name}' has no entry point. Give a type of the application host's own assembly, for example Projects.AppHost.");
        }
        // It must not keep a test runner alive, nor see what belongs to the flow of the test.
        new Thread(() => Run(program)) { IsBackground = true, Name = $"{assembly.GetName().Name} (entry point)" }.UnsafeStart();
    }

    internal void OnBuilt(DistributedApplication application)
    {
        hooks.Built(application);
        built.TrySetResult(application);
    }

    private void Run(MethodInfo program)
    {
        Running.Value = this;
        try
        {
            program.Invoke(null, program.GetParameters().Length == 0 ? [] : [arguments]);
            built.TrySetException(new InvalidOperationException($"The entry point of '{assembly.GetName().Name}' ended without building an application."));
        }
        catch (TargetInvocationException failure) when (failure.InnerException is { } cause)
        {
            // After the application was built its failures are seen by whoever runs it.
            built.TrySetException(cause);
        }
    }
}
