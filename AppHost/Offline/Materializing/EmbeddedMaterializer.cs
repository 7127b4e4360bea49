using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Starts nothing: the services find no connection and use what they have built in.</summary>
internal sealed class EmbeddedMaterializer : IMaterializer
{
    public MaterializationKind Kind => MaterializationKind.Embedded;

    public (bool IsPossible, string Reason) Assess(IResource resource) => (resource.IsContainer(), "services use their embedded adapter");

    public Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
        Task.FromResult<IMaterializedInstance>(new Nothing());

    private sealed class Nothing : IMaterializedInstance
    {
        private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Exited => exited.Task;

        public int? ProcessId => null;

        public ImmutableArray<ResourcePropertySnapshot> Properties => [];

        public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables => [];

        public Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
        {
            Kill();
            return Task.CompletedTask;
        }

        public void Kill() => exited.TrySetResult(0);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
