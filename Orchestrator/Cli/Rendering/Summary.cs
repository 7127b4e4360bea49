using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Says how a workflow ended, where its results are, and what can be done next.</summary>
internal static class Summary
{
    public static void Write(Session session, WorkflowResource workflow, IReadOnlyList<DeploymentResource> deployments)
    {
        var output = session.Output;
        var id = Words.Short(workflow.Id);
        output.Line("");
        output.Line($"{Mark(output, workflow.Status)}{Styles.Plain(workflow.Name)} {Styles.Apply(Styles.Of(workflow.Status), Words.Of(workflow.Status))}{Styles.Plain(Took(workflow))}");
        WriteError(output, workflow);
        foreach (var deployment in deployments.Where(deployment => deployment.Url is not null))
        {
            Field(output, "Running at", deployment.Url!);
        }

        if (workflow.HeadCommit is not null)
        {
            Field(output, "Files", session.Propose($"files {id} -o {Folder(workflow.Name)}"));
        }

        foreach (var (label, command) in Next(workflow, id, deployments))
        {
            Field(output, label, session.Propose(command));
        }
    }

    /// <summary>What waits for a person, and the commands that decide it.</summary>
    public static void WriteQuestions(Session session, WorkflowResource workflow)
    {
        var output = session.Output;
        var id = Words.Short(workflow.Id);
        output.Line("");
        output.Line($"{Styles.Plain(workflow.Name)} {Styles.Apply("yellow", "waits for a person")}{Styles.Plain(workflow.Reason is null ? "" : $": {workflow.Reason}")}");
        foreach (var stage in Approvals.WaitingStages(workflow))
        {
            Field(output, "Question", $"{stage.Name}: {stage.ApprovalPrompt ?? "May this stage start?"}");
            Field(output, "Approve", session.Propose($"approve {id} {stage.Name}"));
            Field(output, "Reject", session.Propose($"reject {id} {stage.Name} --comment \"why\""));
        }

        Field(output, "Then", session.Propose($"follow {id}"));
    }

    /// <summary>Writes a labelled line.</summary>
    public static void Field(Output output, string label, string text) =>
        output.Line($"  {Styles.Apply("grey", label.PadRight(11))} {Styles.Plain(text)}");

    private static IEnumerable<(string Label, string Command)> Next(WorkflowResource workflow, string id, IReadOnlyList<DeploymentResource> deployments)
    {
        switch (workflow.Status)
        {
            case WorkflowStatus.Completed:
                foreach (var deployment in deployments.Where(deployment => deployment.Desired == DesiredState.Running))
                {
                    yield return ("Open", $"open {deployment.Name}");
                    yield return ("Stop", $"deployments stop {deployment.Name}");
                }

                yield return ("Details", $"show {id}");
                break;
            case WorkflowStatus.Failed or WorkflowStatus.Exhausted:
                var stage = workflow.Stages?.FirstOrDefault(candidate => candidate.Status is StageStatus.Failed or StageStatus.Exhausted)?.Name;
                if (workflow.Error?.Code == "not_verified")
                {
                    yield return ("Evidence", $"evidence {id}");
                }

                yield return ("Logs", stage is null ? $"logs {id}" : $"logs {id} --stage {stage}");
                if (workflow.Error?.Code is "iterations_exhausted" or "no_progress")
                {
                    yield return ("Go on", $"resume {id} --iterations +10");
                }

                yield return ("Try again", stage is null ? $"retry {id}" : $"retry {id} --from {stage}");
                break;
            case WorkflowStatus.Canceled:
                yield return ("Try again", $"retry {id}");
                break;
        }
    }

    private static void WriteError(Output output, WorkflowResource workflow)
    {
        if (workflow.Status == WorkflowStatus.Completed)
        {
            return;
        }

        if (workflow.Reason is not null)
        {
            Field(output, "Reason", workflow.Reason);
        }

        if (workflow.Error is { } error)
        {
            if (error.Message != workflow.Reason)
            {
                Field(output, "Error", $"{error.Message} ({error.Code})");
            }

            if (error.SuggestedAction is not null)
            {
                Field(output, "Remedy", error.SuggestedAction);
            }
        }

        if (workflow is { Status: WorkflowStatus.Exhausted, HeadCommit: not null })
        {
            Field(output, "Kept", "what was made so far");
        }
    }

    private static string Took(WorkflowResource workflow)
    {
        var stages = workflow.Stages?.Count(stage => stage.Status == StageStatus.Completed) ?? 0;
        var done = workflow.Stages is { Count: > 0 } all ? $" ({stages} of {all.Count} stages)" : "";
        return workflow.CompletedAt is { } end ? $" after {Words.Of(end - workflow.CreatedAt)}{done}" : done;
    }

    private static string Mark(Output output, WorkflowStatus status) => !output.IsStyled
        ? ""
        : status switch
        {
            WorkflowStatus.Completed => "[green]✓[/] ",
            WorkflowStatus.Failed or WorkflowStatus.Exhausted => "[red]✗[/] ",
            _ => "",
        };

    private static string Folder(string name)
    {
        var letters = name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-').ToArray();
        var folder = string.Join('-', new string(letters).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return folder.Length == 0 ? "files" : folder[..Math.Min(folder.Length, 40)].TrimEnd('-');
    }
}
