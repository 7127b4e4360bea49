namespace Stack.Cli;

/// <summary>Whether a whole stack is well: everything that was started runs, and the orchestrator says that it misses nothing.</summary>
/// <param name="host">The AppHost.</param>
/// <param name="api">The orchestrator.</param>
/// <param name="crew">The canaries, which are missed only when they were started.</param>
/// <param name="patience">The clock.</param>
internal sealed class StackHealth(HostControl host, ApiClient api, CanaryCrew crew, Patience patience)
{
    private string? _trouble;

    /// <summary>Waits until the stack is well.</summary>
    /// <returns>How long it took; null with what is wrong: it was not in time.</returns>
    public async Task<(TimeSpan? Took, string? Trouble)> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        _trouble = "the orchestrator does not answer";
        var took = await patience.UntilAsync(IsWellAsync, limit, cancellationToken);
        return (took, took is null ? _trouble : null);
    }

    private async Task<bool> IsWellAsync(CancellationToken cancellationToken)
    {
        var unwell = (await host.ListAsync(cancellationToken))
            .Where(resource => resource is { IsProcess: true, IsWell: false, State: not "NotStarted" } && (crew.IsStarted || resource.Name != CanaryCrew.Resource)).ToList();
        if (unwell.Count > 0)
        {
            _trouble = string.Join(", ", unwell.Select(resource => $"{resource.Name} is {resource.State ?? "away"}{(resource.Health is null ? "" : $" and {resource.Health}")}"));
            return false;
        }

        var health = await api.GetHealthAsync(cancellationToken);
        _trouble = health.IsHealthy
            ? null
            : $"the orchestrator is {health.Status}: {string.Join(", ", health.Components.Where(pair => pair.Value.Status != "healthy").Select(pair => $"{pair.Key} {pair.Value.Status} {pair.Value.Message}"))}";
        return _trouble is null;
    }
}
