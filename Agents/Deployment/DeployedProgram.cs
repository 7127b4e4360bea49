using System.Globalization;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>The process of a deployment, and how it gets on. Not thread-safe.</summary>
/// <param name="deployment">What is deployed.</param>
/// <param name="child">The process.</param>
/// <param name="port">Its port. Zero: it is no server.</param>
/// <param name="startedAt">When it was started, as a timestamp.</param>
internal sealed class DeployedProgram(DeploymentResource deployment, ChildProcess child, int port, long startedAt) : IAsyncDisposable
{
    private static readonly TimeSpan s_healthLimit = TimeSpan.FromSeconds(2);

    /// <summary>What is deployed.</summary>
    public DeploymentResource Deployment { get; } = deployment;

    /// <summary>The process.</summary>
    public ChildProcess Child { get; } = child;

    /// <summary>When it was started, as a timestamp.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>Where it answers.</summary>
    public Uri Url { get; } = new($"http://127.0.0.1:{port}");

    /// <summary>Since when it does not answer, as a timestamp. Null: it does.</summary>
    public long? SilentSince { get; set; } = startedAt;

    /// <summary>Starts a deployment on a port.</summary>
    /// <param name="deployment">What to start.</param>
    /// <param name="processes">Starts it; the program ends with its owner.</param>
    /// <param name="state">The folder for what the program keeps.</param>
    /// <param name="port">The port.</param>
    /// <param name="time">The clock.</param>
    public static DeployedProgram Start(DeploymentResource deployment, ProcessTool processes, string state, int port, TimeProvider time)
    {
        var child = processes.Start(new ProcessRequest
        {
            Program = deployment.Command[0],
            Arguments = [.. deployment.Command.Skip(1)],
            Directory = deployment.Directory,
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
            OutputLimit = 64 * 1024,
            Environment = new Dictionary<string, string?>
            {
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["DATA_DIRECTORY"] = state,
                ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
            },
        });
        return new DeployedProgram(deployment, child, port, time.GetTimestamp());
    }

    /// <summary>Waits until the program is healthy.</summary>
    /// <param name="client">Asks it.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it is. False: it ended, or the time is over.</returns>
    public Task<bool> WaitUntilHealthyAsync(HttpClient client, TimeSpan limit, CancellationToken cancellationToken) =>
        Deployment.HealthPath is { } path
            ? Child.WaitForHttpAsync(client, new Uri(Url, path), limit, cancellationToken)
            : Child.WaitForPortAsync(Url.Port, limit, cancellationToken);

    /// <summary>Whether the program is healthy now.</summary>
    /// <param name="client">Asks it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<bool> IsHealthyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        if (Child.HasExited)
        {
            return false;
        }

        if (Deployment.HealthPath is not { } path)
        {
            return !FreePort.IsFree(Url.Port);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_healthLimit);
        try
        {
            using var response = await client.GetAsync(new Uri(Url, path), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Asks the program to end, and ends it when it does not.</summary>
    /// <param name="grace">How long it may take.</param>
    public Task<ProcessResult> StopAsync(TimeSpan grace) => Child.StopAsync(grace, CancellationToken.None);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Child.DisposeAsync();
}
