using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Holds the program of an application host where it is about to build its application, so that a test can change what was described.</summary>
internal sealed class SuspendedFactory(
    Type entryPoint, string[] arguments, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure) : DistributedApplicationFactory(entryPoint, arguments)
{
    private readonly TaskCompletionSource<DistributedApplicationBuilder> described = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The builder with everything the program described; throws what the program threw.</summary>
    internal async Task<DistributedApplicationBuilder> DescribeAsync(CancellationToken cancellationToken)
    {
        Begin();
        if (await Task.WhenAny(described.Task, Application).WaitAsync(cancellationToken) == Application)
        {
            await Application;
        }
        return await described.Task;
    }

    /// <summary>Lets the program go on, and returns its application.</summary>
    internal Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        resumed.TrySetResult();
        return ResolveAsync(cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        resumed.TrySetCanceled();
        return base.DisposeAsync();
    }

    protected override void OnBuilderCreating(DistributedApplicationOptions applicationOptions, HostApplicationBuilderSettings hostOptions) =>
        configure(applicationOptions, hostOptions);

    protected override void OnBuilding(DistributedApplicationBuilder applicationBuilder)
    {
        described.TrySetResult(applicationBuilder);
        // The program's thread is its own, and waits as long as the test likes.
        resumed.Task.GetAwaiter().GetResult();
    }
}
