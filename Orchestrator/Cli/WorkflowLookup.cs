using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Finds the workflow that a person means: by id, by the beginning of an id, or as the newest one.</summary>
internal static class WorkflowLookup
{
    private const int PageSize = 200;
    private const int ShownCandidates = 10;

    /// <summary>Finds a workflow's id.</summary>
    /// <param name="session">Where to look.</param>
    /// <param name="reference">An id, its beginning, <c>last</c> or <c>@</c>.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="UsageException">None or several are meant.</exception>
    public static async Task<WorkflowId> FindAsync(Session session, string reference, CancellationToken cancellationToken)
    {
        if (reference is "@" || string.Equals(reference, "last", StringComparison.OrdinalIgnoreCase))
        {
            return await FindNewestAsync(session, cancellationToken);
        }

        if (WorkflowId.TryParse(reference, CultureInfo.InvariantCulture, out var id))
        {
            return id;
        }

        var prefix = reference.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        if (prefix.Length is 0 or > 32 || !prefix.All(char.IsAsciiHexDigit))
        {
            throw new UsageException($"'{reference}' is not the id of a workflow. Write an id or its beginning (hexadecimal digits) as 'stack list' shows it, or 'last' for the newest.");
        }

        var found = await FindByPrefixAsync(session, prefix, cancellationToken);
        return found.Count switch
        {
            1 => found[0].Id,
            0 => throw new UsageException($"No workflow has an id that begins with '{reference}'. 'stack list' shows them."),
            _ => throw new UsageException(Ambiguous(reference, found)),
        };
    }

    private static async Task<WorkflowId> FindNewestAsync(Session session, CancellationToken cancellationToken)
    {
        var newest = await session.Api.ListWorkflowsAsync(new WorkflowFilter(), 1, null, cancellationToken);
        return newest.Workflows.Count > 0
            ? newest.Workflows[0].Id
            : throw new UsageException("There is no workflow yet. Start one: stack run \"what you want\"");
    }

    private static async Task<List<WorkflowResource>> FindByPrefixAsync(Session session, string prefix, CancellationToken cancellationToken)
    {
        var found = new List<WorkflowResource>();
        string? cursor = null;
        do
        {
            var page = await session.Api.ListWorkflowsAsync(new WorkflowFilter(), PageSize, cursor, cancellationToken);
            found.AddRange(page.Workflows.Where(workflow => Digits(workflow).StartsWith(prefix, StringComparison.Ordinal)));

            // Ids rise with time and the newest come first: behind a smaller one there are only smaller ones.
            var isPast = page.Workflows.Count > 0 && string.CompareOrdinal(Digits(page.Workflows[^1]), prefix) < 0;
            cursor = isPast ? null : page.NextCursor;
        }
        while (cursor is not null);
        return found;
    }

    private static string Ambiguous(string reference, List<WorkflowResource> found)
    {
        var shown = found.Take(ShownCandidates).Select(workflow => $"  {workflow.Id}  {Words.Of(workflow.Status),-9}  {workflow.Name}");
        var rest = found.Count > ShownCandidates ? $"{Environment.NewLine}  and {found.Count - ShownCandidates} more" : "";
        return $"'{reference}' is the beginning of {found.Count} ids. Write more of the one that you mean:{Environment.NewLine}{string.Join(Environment.NewLine, shown)}{rest}";
    }

    private static string Digits(WorkflowResource workflow) => workflow.Id.Value.ToString("N");
}
