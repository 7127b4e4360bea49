using System.Diagnostics;

namespace Stack.Engine;

/// <summary>
/// The spans of one commit: one for each workflow in it, as a child of what caused it (the request, or the attempt whose result it is). What the store does lies below the first, since a
/// statement that writes many workflows can have one parent only; the others tell the same time. Empty when nobody listens.
/// </summary>
internal readonly struct CommitSpans : IDisposable
{
    private readonly List<Activity>? _spans;
    private readonly Activity? _before;

    private CommitSpans(List<Activity> spans, Activity? before) => (_spans, _before) = (spans, before);

    /// <summary>Begins the spans; the first is the current one until they end.</summary>
    public static CommitSpans Begin(CommitRound round)
    {
        if (!EngineMetrics.Activities.HasListeners())
        {
            return default;
        }

        var before = Activity.Current;
        var spans = new List<Activity>();
        foreach (var draft in round.Drafts)
        {
            if (draft.HasChanges && ActivityContext.TryParse(CauseOf(draft), null, isRemote: false, out var parent) && EngineMetrics.Activities.StartActivity("commit", ActivityKind.Internal, parent) is { } span)
            {
                span.SetTag("stack.workflow", draft.Workflow.Header.Id.ToString());
                span.SetTag("stack.commit.workflows", round.Drafts.Count);
                spans.Add(span);
            }
        }

        Activity.Current = spans.FirstOrDefault() ?? before;
        return new CommitSpans(spans, before);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_spans is null)
        {
            return;
        }

        foreach (var span in _spans)
        {
            span.Dispose();
        }

        Activity.Current = _before;
    }

    private static string? CauseOf(CommitDraft draft)
    {
        foreach (var (item, _) in draft.Items)
        {
            if (item.Input is WorkflowInput.Report { Result.Traceparent: { } traceparent })
            {
                return traceparent;
            }
        }

        return draft.Workflow.Header.Traceparent;
    }
}
