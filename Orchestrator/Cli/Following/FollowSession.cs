using Stack.Contracts;

namespace Stack.Cli;

/// <summary>What <c>run</c>, <c>follow</c> and <c>retry --follow</c> share: follow a workflow, ask the person where one is needed and there, and say how it ended.</summary>
internal static class FollowSession
{
    public static async Task<ExitCode> FollowAsync(Session session, WorkflowId id, ReconnectPolicy policy, CancellationToken cancellationToken)
    {
        var follower = new WorkflowFollower(session.Api, session.Time, policy);
        try
        {
            while (true)
            {
                var workflow = await ShowAsync(session, follower, id, cancellationToken);
                if (workflow.Status != WorkflowStatus.Waiting)
                {
                    await SummarizeAsync(session, workflow, cancellationToken);
                    return ExitCodes.Of(workflow.Status);
                }

                if (!session.CanAsk || !await Approvals.AskAsync(session, workflow, cancellationToken))
                {
                    if (!session.Output.IsJson)
                    {
                        Summary.WriteQuestions(session, workflow);
                    }

                    return ExitCode.Waiting;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var shown = Words.Short(id);
            session.Output.Note("");
            session.Output.Note("Interrupted. The workflow goes on.");
            session.Output.Note($"  Follow it:  {session.Propose($"follow {shown}")}");
            session.Output.Note($"  Cancel it:  {session.Propose($"cancel {shown}")}");
            return ExitCode.Interrupted;
        }
    }

    /// <summary>Shows a workflow until it is over or waits for a person.</summary>
    public static async Task<WorkflowResource> ShowAsync(Session session, WorkflowFollower follower, WorkflowId id, CancellationToken cancellationToken)
    {
        if (session.Output.IsLive)
        {
            return await LiveView.RunAsync(session, view => follower.FollowAsync(id, view, cancellationToken));
        }

        IProgressView view = session.Output.IsJson ? new JsonView(session.Output) : new PlainView(session);
        return await follower.FollowAsync(id, view, cancellationToken);
    }

    private static async Task SummarizeAsync(Session session, WorkflowResource workflow, CancellationToken cancellationToken)
    {
        if (!session.Output.IsJson)
        {
            Summary.Write(session, workflow, await Deployments.OfAsync(session.Api, workflow, cancellationToken));
        }
    }
}
