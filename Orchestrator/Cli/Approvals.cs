using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Finds, asks and decides the questions of a workflow.</summary>
internal static class Approvals
{
    /// <summary>The stages that wait for a person.</summary>
    public static IReadOnlyList<StageResource> WaitingStages(WorkflowResource workflow) =>
        [.. (workflow.Stages ?? []).Where(stage => stage.Status == StageStatus.AwaitingApproval)];

    /// <summary>The stage to decide: the one that was named, or the only one that waits.</summary>
    /// <exception cref="UsageException">Several wait, or none does.</exception>
    public static string StageOf(WorkflowResource workflow, string? named)
    {
        if (named is not null)
        {
            return named;
        }

        var waiting = WaitingStages(workflow);
        return waiting.Count switch
        {
            1 => waiting[0].Name,
            0 => throw new UsageException($"Nothing in '{workflow.Name}' waits for approval; the workflow is {Words.Of(workflow.Status)}."),
            _ => throw new UsageException($"{waiting.Count} stages wait for approval. Name one of them: {string.Join(", ", waiting.Select(stage => stage.Name))}."),
        };
    }

    /// <summary>Asks the person about every waiting stage.</summary>
    /// <returns>Whether every question was answered; false: the person wants to decide later.</returns>
    public static async Task<bool> AskAsync(Session session, WorkflowResource workflow, CancellationToken cancellationToken)
    {
        foreach (var stage in WaitingStages(workflow))
        {
            session.Output.Line("");
            session.Output.Line($"{Styles.Apply("yellow", stage.Name)}: {Styles.Plain(stage.ApprovalPrompt ?? "May this stage start?")}");
            if (await DecisionAsync(session, cancellationToken) is not { } decision)
            {
                return false;
            }

            await session.Api.DecideAsync(workflow.Id, stage.Name, decision, new DecisionRequest { Version = workflow.Version }, cancellationToken);
        }

        return true;
    }

    private static async Task<string?> DecisionAsync(Session session, CancellationToken cancellationToken)
    {
        while (true)
        {
            session.Surroundings.Out.Write("(a)pprove, (r)eject or decide (l)ater? ");
            await session.Surroundings.Out.FlushAsync(cancellationToken);

            // Reading from a terminal cannot be canceled; waiting for it can.
            var line = await Task.Run(session.Surroundings.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken);
            switch (line?.Trim().ToLowerInvariant())
            {
                case "a" or "approve" or "y" or "yes":
                    return "approve";
                case "r" or "reject" or "n" or "no":
                    return "reject";
                case null or "" or "l" or "later":
                    return null;
            }
        }
    }
}
