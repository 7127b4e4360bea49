using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Finds, asks and decides the questions of a workflow.</summary>
internal static class Approvals
{
    /// <summary>How many open questions are searched.</summary>
    private const int MostOpen = 500;

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
            var asked = stage.ApprovalId is { } approvalId ? await session.Api.GetApprovalAsync(approvalId, cancellationToken) : null;
            if (asked is not null)
            {
                ApprovalText.WriteEffect(session, asked);
            }

            if (await DecisionAsync(session, cancellationToken) is not { } decision)
            {
                return false;
            }

            if (asked is not null)
            {
                await DecideAsync(session, asked, decision, comment: null, amended: null, cancellationToken);
                continue;
            }

            await session.Api.DecideAsync(workflow.Id, stage.Name, decision, new DecisionRequest { Version = workflow.Version }, cancellationToken);
        }

        return true;
    }

    /// <summary>Decides about exactly the effect that was seen.</summary>
    public static Task<ApprovalResource> DecideAsync(Session session, ApprovalResource seen, string decision, string? comment, JsonPayload? amended, CancellationToken cancellationToken)
    {
        var kind = decision == "reject" ? DecisionKind.Reject : amended is null ? DecisionKind.Approve : DecisionKind.Amend;
        return session.Api.DecideAsync(seen.Id, new ApprovalDecisionRequest { Decision = kind, ExpectedHash = seen.EffectHash, Comment = comment, Effect = amended }, cancellationToken);
    }

    /// <summary>Finds the question that a person means by its id or the beginning of it. Null: it is none's.</summary>
    /// <exception cref="UsageException">Several are meant.</exception>
    public static async Task<ApprovalResource?> FindAsync(Session session, string reference, CancellationToken cancellationToken)
    {
        var prefix = reference.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        if (prefix.Length is 0 or > 32 || !prefix.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        try
        {
            if (prefix.Length == 32)
            {
                return await session.Api.GetApprovalAsync(new ApprovalId(Guid.Parse(prefix)), cancellationToken);
            }

            var open = await session.Api.ListApprovalsAsync(status: null, workflow: null, MostOpen, cursor: null, cancellationToken);
            var found = open.Approvals.Where(approval => approval.Id.Value.ToString("N").StartsWith(prefix, StringComparison.Ordinal)).ToList();
            return found.Count switch
            {
                0 => null,
                1 => await session.Api.GetApprovalAsync(found[0].Id, cancellationToken),
                _ => throw new UsageException($"'{reference}' is the beginning of {found.Count} questions: {string.Join(", ", found.Take(10).Select(approval => approval.Id))}. Write more of the one that you mean."),
            };
        }
        catch (ApiProblemException refusal) when (refusal.Problem.Status == 404)
        {
            // It may be a workflow's id.
            return null;
        }
    }

    /// <summary>What the person says. Null: later.</summary>
    public static async Task<string?> DecisionAsync(Session session, CancellationToken cancellationToken)
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
