using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack plan</c>: turns a request into a plan, and runs it when a person approved.</summary>
internal static class PlanCommand
{
    private const double DefaultConfidence = 0.8;

    public static Command Create(CommandScope scope)
    {
        var request = new Argument<string?>("request") { Description = "What is wanted, in your words", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file", "-f") { Description = "Read what is wanted from a file; '-' is the standard input", HelpName = "FILE" };
        var name = new Option<string?>("--name", "-n") { Description = "A name for people [default: made from the request]", HelpName = "NAME" };
        var model = new Option<string?>("--model", "-m") { Description = "The model that plans; 'builtin' for rules without one [default: smart]", HelpName = "NAME" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Approve at once when the plan is sure enough and nothing is ambiguous" };
        var confidence = new Option<double?>("--confidence") { Description = "How sure a plan must be for --yes, 0 to 1 [default: 0.8]", HelpName = "NUMBER" };
        var run = new Option<bool>("--run") { Description = "Follow the workflow when the plan was approved" };
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "plan",
            "Turn a request into a plan that a person approves before it runs",
            [request, file, name, model, yes, confidence, run, giveUpAfter],
            ["stack plan \"A calculator web API\"", "stack plan \"A calculator web API\" --yes --run", "stack plan --file wishes.md --model builtin --json"],
            async (session, parsed, cancellationToken) =>
            {
                var least = parsed.GetValue(confidence) ?? DefaultConfidence;
                if (least is not (>= 0 and <= 1))
                {
                    throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--confidence is {least}. Write a number from 0 to 1."));
                }

                var text = await RequestAsync(session, parsed.GetValue(request), parsed.GetValue(file), cancellationToken);
                var plan = await session.Api.PlanAsync(new PlanRequest { Request = text, Name = parsed.GetValue(name), Model = parsed.GetValue(model) }, cancellationToken);
                plan = await DecideAsync(session, plan, parsed.GetValue(yes), least, cancellationToken);
                return await FinishAsync(session, plan, parsed.GetValue(run), ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
            });
    }

    private static async Task<PlanResource> DecideAsync(Session session, PlanResource plan, bool yes, double least, CancellationToken cancellationToken)
    {
        if (!session.Output.IsJson)
        {
            Write(session, plan);
        }

        var isSure = plan.Plan.Confidence >= least && plan.Plan.Ambiguities.Count == 0;
        if (yes && !isSure)
        {
            session.Output.Note(string.Create(CultureInfo.InvariantCulture, $"Not approved by --yes: the confidence is {plan.Plan.Confidence} (needed: {least}), and {plan.Plan.Ambiguities.Count} things are ambiguous."));
        }

        var decision = yes && isSure ? "approve" : session.CanAsk ? await Approvals.DecisionAsync(session, cancellationToken) : null;
        if (decision is null)
        {
            return plan;
        }

        await Approvals.DecideAsync(session, plan.Approval, decision, yes && isSure ? "approved by --yes" : null, amended: null, cancellationToken);
        return await session.Api.GetPlanAsync(plan.RequestId, cancellationToken);
    }

    private static async Task<ExitCode> FinishAsync(Session session, PlanResource plan, bool run, ReconnectPolicy policy, CancellationToken cancellationToken)
    {
        if (session.Output.IsJson && !(run && plan.WorkflowId is not null))
        {
            session.Output.Document(plan);
        }

        if (plan.WorkflowId is { } workflow)
        {
            if (run)
            {
                return await FollowSession.FollowAsync(session, workflow, policy, cancellationToken);
            }

            Field(session, "Workflow", workflow.ToString());
            Field(session, "Follow", session.Propose($"follow {Words.Short(workflow)}"));
            return ExitCode.Completed;
        }

        switch (plan.Approval.Status)
        {
            case ApprovalStatus.Open:
                Field(session, "Approve", session.Propose($"approve {ApprovalText.Short(plan.Approval.Id)}"));
                Field(session, "Amend", session.Propose($"approve {ApprovalText.Short(plan.Approval.Id)} --amend FILE"));
                Field(session, "Reject", session.Propose($"reject {ApprovalText.Short(plan.Approval.Id)}"));
                return ExitCode.Waiting;
            case ApprovalStatus.Approved when plan.Approval.Decision?.Execution is null:
                Field(session, "Approved", "It is submitted in a moment.");
                return ExitCode.Completed;
            default:
                Field(session, "Not run", plan.Approval.Decision?.Execution?.Message ?? $"The plan is {Words.Of(plan.Approval.Status)}.");
                return ExitCode.Failed;
        }
    }

    private static void Write(Session session, PlanResource resource)
    {
        var (output, plan) = (session.Output, resource.Plan);
        output.Line(Styles.Plain($"Plan: {plan.Name}"));
        Summary.Field(output, "Planner", plan.Note is null ? plan.Planner : $"{plan.Planner}. {plan.Note}");
        Summary.Field(output, "Confidence", plan.Confidence.ToString("0.##", CultureInfo.InvariantCulture));
        Summary.Field(output, "Estimate", plan.Estimate.Summary);
        foreach (var ambiguity in plan.Ambiguities)
        {
            Summary.Field(output, "Ambiguous", ambiguity);
        }

        foreach (var beyond in plan.OutOfScope)
        {
            Summary.Field(output, "Not done", beyond);
        }

        var table = new ResultTable("STAGE", "AGENT", "NEEDS", "WHAT");
        foreach (var subtask in plan.Subtasks)
        {
            table.Add(subtask.Name, subtask.Agent, string.Join(", ", subtask.Needs), Words.FirstLine(subtask.Description, 200));
        }

        table.Write(output);
        Summary.Field(output, "SHA-256", resource.Approval.EffectHash);
    }

    private static void Field(Session session, string name, string value)
    {
        if (!session.Output.IsJson)
        {
            Summary.Field(session.Output, name, value);
        }
    }

    private static async Task<string> RequestAsync(Session session, string? text, string? file, CancellationToken cancellationToken) => (text, file) switch
    {
        (not null, null) => text,
        (null, not null) => await InputText.ReadAsync(session.Surroundings, file, cancellationToken),
        (null, null) => throw new UsageException("What is wanted? Write it as text, stack plan \"A calculator web API\", or name a file with --file."),
        _ => throw new UsageException("The request is given twice, as text and with --file. Give one of the two."),
    };
}
