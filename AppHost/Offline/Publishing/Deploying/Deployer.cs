namespace Aspire.Hosting.Offline;

/// <summary>
/// Brings a release up in the place of the one before. What did not change stays as it is. A changed service that may run twice (projects) is first shown to become healthy beside the old one,
/// which serves on; only when all are healthy, the new ones take over. A changed server is replaced, because two cannot hold the same data. When anything does not become healthy in time,
/// every step is undone, and the old release serves as before.
/// </summary>
internal sealed class Deployer(ContainerEngine engine, ContainerHealth health, string deployment, TextWriter output)
{
    private const string ShortGoodbye = "3";

    private readonly Stack<Func<Task>> undo = [];
    private readonly List<Func<Task>> takeover = [];
    private readonly List<string> replaced = [];
    private int release;

    /// <summary>Rolls the containers out, dependencies first; throws, with everything undone, when one does not become healthy.</summary>
    internal async Task RollOutAsync(int number, IReadOnlyList<DeployedContainer> containers, CancellationToken cancellationToken)
    {
        release = number;
        try
        {
            foreach (var service in InOrder(containers))
            {
                await RollOutAsync(service, cancellationToken);
            }
            foreach (var step in takeover)
            {
                await step();
            }
            await RemoveAsync([.. replaced, .. await StrangersAsync(containers, cancellationToken)]);
        }
        catch (Exception failure) when (failure is DistributedApplicationException or OperationCanceledException)
        {
            await UndoAsync();
            throw;
        }
    }

    /// <summary>Services with what they wait for before them; a circle cannot be, the description refuses it.</summary>
    internal static IReadOnlyList<IReadOnlyList<DeployedContainer>> InOrder(IReadOnlyList<DeployedContainer> containers)
    {
        var open = containers.GroupBy(container => container.Service.Name).ToDictionary(group => group.Key, group => (IReadOnlyList<DeployedContainer>)[.. group]);
        var ordered = new List<IReadOnlyList<DeployedContainer>>();
        while (open.Count > 0)
        {
            var next = open.FirstOrDefault(entry => !entry.Value[0].Service.DependsOn.Any(dependency => open.ContainsKey(dependency.Service)));
            if (next.Key is null)
            {
                throw new DistributedApplicationException($"These services wait for one another: {string.Join(", ", open.Keys)}. Take one of their waits away.");
            }
            ordered.Add(next.Value);
            open.Remove(next.Key);
        }
        return ordered;
    }

    private async Task RollOutAsync(IReadOnlyList<DeployedContainer> wanted, CancellationToken cancellationToken)
    {
        var service = wanted[0].Service;
        var imageId = await engine.RunAsync(["image", "inspect", "--format", "{{.Id}}", wanted[0].Image], cancellationToken);
        var present = await PresentAsync(service.Name, cancellationToken);
        var specification = wanted[0].Specification(imageId);
        if (present.Count == wanted.Count && await AllAsync(present, one => one.Specification == specification && (service.Restart == "no" || one.IsRunning))
            && (service.Restart == "no" || await AllAsync(present.Zip(wanted), pair => health.IsHealthyAsync(pair.Second, pair.First.Name, cancellationToken))))
        {
            output.WriteLine($"unchanged  {service.Name}");
            return;
        }
        if (service.Restart == "no" || present.Count == 0)
        {
            await StartAllAsync(wanted, ContainerRole.Serving, specification, cancellationToken);
            replaced.AddRange(present.Select(one => one.Name));
        }
        else if (!service.MayOverlap)
        {
            await ReplaceAsync(wanted, present, specification, cancellationToken);
        }
        else if (service.Ports.Count == 0)
        {
            await StartAllAsync(wanted, ContainerRole.Serving, specification, cancellationToken);
            takeover.Add(() => StopAsync(present));
        }
        else
        {
            var rehearsals = await StartAllAsync(wanted, ContainerRole.Rehearsing, specification, cancellationToken);
            takeover.Add(async () =>
            {
                await ReplaceAsync(wanted, present, specification, cancellationToken);
                await RemoveAsync(rehearsals);
            });
        }
    }

    private async Task ReplaceAsync(IReadOnlyList<DeployedContainer> wanted, IReadOnlyList<PresentContainer> present, string specification, CancellationToken cancellationToken)
    {
        // Nobody is served while the port has no owner; what a killed service was at is taken up again, by its successor that has shown that it works.
        await StopAsync(present, wanted[0].Service.MayOverlap ? ShortGoodbye : null);
        await StartAllAsync(wanted, ContainerRole.Serving, specification, cancellationToken);
    }

    // Stopped, not removed: an old container is what an undo starts again.
    private async Task StopAsync(IReadOnlyList<PresentContainer> present, string? seconds = null)
    {
        foreach (var one in present)
        {
            undo.Push(() => engine.RunAsync(["start", one.Name], CancellationToken.None));
            await engine.RunAsync(seconds is null ? ["stop", one.Name] : ["stop", "-t", seconds, one.Name], CancellationToken.None);
            replaced.Add(one.Name);
        }
    }

    private async Task<IReadOnlyList<string>> StartAllAsync(IReadOnlyList<DeployedContainer> wanted, ContainerRole role, string specification, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        foreach (var container in wanted)
        {
            var name = container.NameIn(release, role);
            var (arguments, environment) = container.Arguments(name, role, specification);
            undo.Push(() => RemoveAsync([name]));
            await engine.RunAsync(arguments, environment, cancellationToken);
            names.Add(name);
        }
        foreach (var (container, name) in wanted.Zip(names))
        {
            await (container.Service.Restart == "no" ? health.WaitForEndAsync(container, name, cancellationToken) : health.WaitAsync(container, name, cancellationToken));
        }
        output.WriteLine($"{(role == ContainerRole.Rehearsing ? "rehearsed " : "healthy   ")} {wanted[0].Service.Name}{(wanted.Count > 1 ? $" × {wanted.Count}" : "")}");
        return names;
    }

    private async Task UndoAsync()
    {
        output.WriteLine("rolling back to the release before");
        while (undo.TryPop(out var step))
        {
            try
            {
                await step();
            }
            catch (DistributedApplicationException failure)
            {
                // The rest is undone all the same.
                output.WriteLine($"could not be undone: {failure.Message}");
            }
        }
    }

    private async Task RemoveAsync(IReadOnlyList<string> names)
    {
        if (names.Count > 0 && await engine.RemoveAsync(names, CancellationToken.None) is { IsSuccess: false } refused)
        {
            output.WriteLine($"could not remove {string.Join(", ", names)}: {refused.LastWords} Remove them with '{engine.Program} rm --force'.");
        }
    }

    // Containers of services that the application has no more.
    private async Task<IEnumerable<string>> StrangersAsync(IReadOnlyList<DeployedContainer> containers, CancellationToken cancellationToken)
    {
        var known = containers.Select(container => container.Service.Name).ToHashSet(StringComparer.Ordinal);
        return (await PresentAsync(service: null, cancellationToken)).Where(one => !known.Contains(one.Service)).Select(one => one.Name);
    }

    private async Task<IReadOnlyList<PresentContainer>> PresentAsync(string? service, CancellationToken cancellationToken)
    {
        List<string> arguments = ["ps", "--all", "--no-trunc", "--filter", $"label={DeployedContainer.DeploymentLabel}={deployment}"];
        if (service is not null)
        {
            arguments.AddRange(["--filter", $"label={DeployedContainer.ServiceLabel}={service}"]);
        }
        var ids = (await engine.RunAsync([.. arguments, "--format", "{{.Names}}"], cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var present = new List<PresentContainer>();
        foreach (var name in ids.Select(id => id.Trim()).Order(StringComparer.Ordinal))
        {
            var said = await engine.RunAsync(
                ["container", "inspect", "--format", $"{{{{index .Config.Labels \"{DeployedContainer.ServiceLabel}\"}}}} {{{{index .Config.Labels \"{DeployedContainer.SpecificationLabel}\"}}}} {{{{.State.Status}}}}", name], cancellationToken);
            var parts = said.Split(' ');
            present.Add(new(name, parts[0], parts[1], parts[2] == "running"));
        }
        return present;
    }

    private static Task<bool> AllAsync<T>(IEnumerable<T> items, Func<T, bool> condition) => Task.FromResult(items.All(condition));

    private static async Task<bool> AllAsync<T>(IEnumerable<T> items, Func<T, Task<bool>> condition)
    {
        foreach (var item in items)
        {
            if (!await condition(item))
            {
                return false;
            }
        }
        return true;
    }

    private sealed record PresentContainer(string Name, string Service, string Specification, bool IsRunning);
}
