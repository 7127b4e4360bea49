using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Who waits for whom.</summary>
internal static class WaitGraph
{
    /// <summary>Throws when resources wait for each other in a circle, or for one that is not in the application.</summary>
    internal static void Check(DistributedApplicationModel model)
    {
        var finished = new HashSet<IResource>();
        foreach (var resource in model.Resources)
        {
            foreach (var awaited in Awaited(resource).Where(awaited => !model.Resources.Contains(awaited)))
            {
                throw new DistributedApplicationException(
                    $"'{resource.Name}' waits for '{awaited.Name}', which is not part of the application. Add it, or take the wait away.");
            }
            Visit(resource, [], finished);
        }
    }

    /// <summary>The resources in the order they depend on each other: what is depended on has a lower level. Stop the highest first.</summary>
    internal static IReadOnlyDictionary<IResource, int> Levels(IEnumerable<IResource> resources)
    {
        var levels = new Dictionary<IResource, int>();
        foreach (var resource in resources)
        {
            LevelOf(resource, levels, []);
        }
        return levels;
    }

    private static void Visit(IResource resource, List<IResource> path, HashSet<IResource> finished)
    {
        if (path.IndexOf(resource) is var start and >= 0)
        {
            var circle = path.Skip(start).Append(resource).Select(one => $"'{one.Name}'");
            throw new DistributedApplicationException($"Resources wait for each other in a circle: {string.Join(" -> ", circle)}. Take one WaitFor away.");
        }
        if (finished.Contains(resource))
        {
            return;
        }
        path.Add(resource);
        foreach (var awaited in Awaited(resource))
        {
            Visit(awaited, path, finished);
        }
        path.Remove(resource);
        finished.Add(resource);
    }

    private static int LevelOf(IResource resource, Dictionary<IResource, int> levels, HashSet<IResource> onPath)
    {
        if (levels.TryGetValue(resource, out var known))
        {
            return known;
        }
        if (!onPath.Add(resource))
        {
            // References may form a circle where waits may not; the order inside it does not matter.
            return 0;
        }
        var level = Awaited(resource).Concat(Referred(resource)).Where(other => other != resource)
            .Select(other => LevelOf(other, levels, onPath) + 1).DefaultIfEmpty(0).Max();
        onPath.Remove(resource);
        return levels[resource] = level;
    }

    private static IEnumerable<IResource> Awaited(IResource resource) => resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource);

    private static IEnumerable<IResource> Referred(IResource resource) =>
        resource.Annotations.OfType<ResourceRelationshipAnnotation>().Where(relation => relation.Type == KnownRelationshipTypes.Reference).Select(relation => relation.Resource);
}
