using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Decides how each resource is made real, writes it on the resource, and says why.</summary>
internal sealed class MaterializationPlanner(IEnumerable<IMaterializer> materializers, IEnumerable<IServerProgram> servers)
{
    private readonly IMaterializer[] materializers = [.. materializers];
    private readonly IServerProgram[] servers = [.. servers];

    /// <summary>Decides for the whole model; throws one exception that names every resource for which there is no way.</summary>
    internal void Plan(DistributedApplicationModel model, InfrastructureMode mode)
    {
        var problems = new List<(IResource Resource, string Reasons)>();
        foreach (var resource in model.Resources)
        {
            var (decision, reasons) = Decide(resource, mode);
            if (decision is null)
            {
                problems.Add((resource, reasons));
                continue;
            }
            foreach (var earlier in resource.Annotations.OfType<MaterializationAnnotation>().ToArray())
            {
                resource.Annotations.Remove(earlier);
            }
            resource.Annotations.Add(decision);
        }
        if (problems.Count > 0)
        {
            throw new DistributedApplicationException(Refusal(mode, problems));
        }
    }

    internal IMaterializer? MaterializerOf(IResource resource) =>
        resource.MaterializedAs() is { Kind: not MaterializationKind.Value } decision ? materializers.First(one => one.Kind == decision.Kind && one.Assess(resource).IsPossible) : null;

    private (MaterializationAnnotation? Decision, string Reasons) Decide(IResource resource, InfrastructureMode mode)
    {
        if (Kinds(resource, mode) is not { Length: > 0 } kinds)
        {
            return (new(MaterializationKind.Value, "nothing to start"), "");
        }
        var refusals = new List<string>();
        foreach (var kind in kinds)
        {
            var candidates = materializers.Where(one => one.Kind == kind).Select(one => one.Assess(resource)).ToArray();
            if (Array.Find(candidates, candidate => candidate.IsPossible) is { IsPossible: true } accepted)
            {
                var why = refusals.Count > 0 ? $"{accepted.Reason}: {string.Join(", ", refusals.Distinct())}" : accepted.Reason;
                return (new(kind, why), "");
            }
            refusals.AddRange(candidates.Length == 0 ? [$"this host has no way to start it as a {kind.ToString().ToLowerInvariant()} yet"] : candidates.Select(candidate => candidate.Reason).Where(reason => reason.Length > 0));
        }
        return (null, string.Join(", ", refusals.Distinct()));
    }

    private MaterializationKind[] Kinds(IResource resource, InfrastructureMode mode) => resource switch
    {
        ProjectResource or ExecutableResource => [MaterializationKind.Process],
        _ when !resource.IsContainer() => [],
        _ => mode switch
        {
            InfrastructureMode.Containers when IsOptional(resource) => [MaterializationKind.Container, MaterializationKind.Embedded],
            InfrastructureMode.Containers => [MaterializationKind.Container],
            InfrastructureMode.Processes when IsOptional(resource) => [MaterializationKind.Process, MaterializationKind.Embedded],
            InfrastructureMode.Processes => [MaterializationKind.Process],
            InfrastructureMode.Embedded => [MaterializationKind.Embedded],
            _ => [MaterializationKind.Container, MaterializationKind.Process, MaterializationKind.Embedded],
        },
    };

    private bool IsOptional(IResource resource) => servers.Any(server => server.IsOptional && server.Serves(resource));

    private string Refusal(InfrastructureMode mode, IReadOnlyList<(IResource Resource, string Reasons)> problems)
    {
        var kinds = problems.SelectMany(problem => Kinds(problem.Resource, mode)).ToHashSet();
        var refused = problems.Select(problem => problem.Resource).ToArray();
        var remedies = materializers.Where(one => kinds.Contains(one.Kind)).Select(one => one.Remedy(refused)).OfType<string>()
            .Append("Or use --infrastructure auto or embedded, or build with -p:UseAspire=true where Aspire and a container runtime are installed.");
        return $"--infrastructure {mode.ToString().ToLowerInvariant()} is not possible here: {string.Join("; ", problems.Select(problem => $"{problem.Resource.Name} ({problem.Reasons})"))}."
            + $"{Environment.NewLine}{string.Join(Environment.NewLine, remedies)}";
    }
}
