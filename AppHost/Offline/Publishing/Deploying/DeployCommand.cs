namespace Aspire.Hosting.Offline;

/// <summary>Deploys a published application on this machine, with docker or podman.</summary>
internal sealed class DeployCommand(ContainerEngine engine, DeploymentOptions options, StateDirectory data, TimeProvider time, TextWriter output)
{
    private string NetworkName(ComposeFile compose) => $"{options.Name}_{compose.Network}";

    private Releases History => new(Path.Combine(data.Path, "deployments", options.Name));

    internal async Task DeployAsync(ComposeFile compose, IReadOnlyDictionary<string, string> said, IReadOnlyDictionary<string, string> images, CancellationToken cancellationToken)
    {
        var history = History;
        await using var held = history.Lock();
        var values = new DeploymentValues(new SecretFile(data.Path), said, images).Resolve(compose);
        var services = compose.Services.Where(service => service.Profile is null).ToList();
        var containers = services.SelectMany(service => Enumerable.Range(1, service.Replicas)
            .Select(replica => new DeployedContainer(service, replica, values, options.Name, NetworkName(compose), options.PublishAddress))).ToList();
        await NeedImagesAsync(containers, cancellationToken);
        await NeedNetworkAsync(NetworkName(compose), cancellationToken);
        var release = history.Begin(time.GetUtcNow(), services.ToDictionary(service => service.Name, service => DeploymentValues.Fill(service.Image, values)));
        output.WriteLine($"release {release.Number} of {options.Name}, with {engine.Program}");
        try
        {
            await new Deployer(engine, new ContainerHealth(engine, options.Patience), options.Name, output).RollOutAsync(release.Number, containers, cancellationToken);
        }
        catch (Exception failure) when (failure is DistributedApplicationException or OperationCanceledException)
        {
            history.RollBack(release, failure is OperationCanceledException ? "it was interrupted" : failure.Message.Split('\n')[0].TrimEnd());
            throw failure is DistributedApplicationException
                ? new DistributedApplicationException($"Release {release.Number} was rolled back: {failure.Message}", failure)
                : failure;
        }
        history.Commit(release);
        await SayWhereAsync(containers, release.Number, cancellationToken);
    }

    /// <summary>Removes the containers and their network; volumes stay, they are the user's data.</summary>
    internal async Task DestroyAsync(ComposeFile compose, CancellationToken cancellationToken)
    {
        await using var held = History.Lock();
        var names = (await engine.RunAsync(["ps", "--all", "--filter", $"label={DeployedContainer.DeploymentLabel}={options.Name}", "--format", "{{.Names}}"], cancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length > 0 && await engine.RemoveAsync(names, cancellationToken) is { IsSuccess: false } refused)
        {
            throw new DistributedApplicationException($"{engine.Program} could not remove the containers of {options.Name}: {refused.LastWords} Correct what it says, and destroy again.");
        }
        await RemoveNetworkAsync(NetworkName(compose), cancellationToken);
        output.WriteLine($"{names.Length} containers of {options.Name} removed; its volumes stay ({engine.Program} volume ls --filter name={options.Name}_)");
    }

    // A container that is just gone may still hold the network for a moment.
    private async Task RemoveNetworkAsync(string network, CancellationToken cancellationToken)
    {
        var last = "";
        for (var tries = 0; tries < 10 && (await engine.AskAsync(["network", "inspect", network], cancellationToken)).IsSuccess; tries++)
        {
            last = (await engine.AskAsync(["network", "rm", network], cancellationToken)) is { IsSuccess: false } refused ? refused.LastWords : "";
            if (last.Length > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            }
        }
        if (last.Length > 0)
        {
            output.WriteLine($"the network {network} stays: {last} Remove it with '{engine.Program} network rm {network}'.");
        }
    }

    internal void SayReleases()
    {
        foreach (var release in History.All())
        {
            output.WriteLine($"{release.Number,4}  {release.StartedAt:u}  {release.State,-11} {release.Reason}");
        }
    }

    private async Task NeedImagesAsync(IReadOnlyList<DeployedContainer> containers, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var container in containers.DistinctBy(container => container.Image))
        {
            if ((await engine.AskAsync(["image", "inspect", "--format", "ok", container.Image], cancellationToken)).IsSuccess)
            {
                continue;
            }
            output.WriteLine($"pulling    {container.Image}");
            var pulled = await engine.AskAsync(["pull", "--quiet", container.Image], cancellationToken);
            if (!pulled.IsSuccess)
            {
                missing.Add($"The image {container.Image} of '{container.Service.Name}' is not on this machine, and {engine.Program} cannot pull it: {pulled.LastWords} Load it ({engine.Program} load), correct its name, or make its registry reachable.");
            }
        }
        if (missing.Count > 0)
        {
            throw new DistributedApplicationException(string.Join(Environment.NewLine, missing));
        }
    }

    private async Task NeedNetworkAsync(string network, CancellationToken cancellationToken)
    {
        if (!(await engine.AskAsync(["network", "inspect", network], cancellationToken)).IsSuccess)
        {
            await engine.RunAsync(["network", "create", "--label", $"{DeployedContainer.DeploymentLabel}={options.Name}", network], cancellationToken);
        }
    }

    private async Task SayWhereAsync(IReadOnlyList<DeployedContainer> containers, int number, CancellationToken cancellationToken)
    {
        foreach (var container in containers.Where(container => container.Service.Ports.Count > 0))
        {
            var names = await engine.RunAsync(
                ["ps", "--filter", $"label={DeployedContainer.DeploymentLabel}={options.Name}", "--filter", $"label={DeployedContainer.ServiceLabel}={container.Service.Name}", "--format", "{{.Names}}"], cancellationToken);
            foreach (var name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                output.WriteLine($"serving    {container.Service.Name}: {(await engine.RunAsync(["port", name], cancellationToken)).ReplaceLineEndings(", ")}");
            }
        }
        output.WriteLine($"release {number} serves; the values of generated secrets are in {Path.Combine(data.Path, "secrets.json")}");
    }
}
