using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack replay</c>: the same again without any model, and whether it came to the same.</summary>
internal static class ReplayCommand
{
    private const string Same = "same";

    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        reference.Arity = ArgumentArity.ZeroOrOne;
        var file = new Option<string?>("--file", "-f") { Description = "Replay a recording that 'stack record' wrote; '-' is the standard input", HelpName = "FILE" };
        var expect = new Option<string>("--expect") { Description = "What has to come of it: the same as recorded, or an end, whatever was recorded", DefaultValueFactory = _ => Same };
        expect.AcceptOnlyFromAmong(Same, "completed", "failed", "exhausted");
        var giveUpAfter = SharedSymbols.GiveUpAfter();
        return scope.Define(
            "replay",
            "Do a workflow again with the recorded answers in place of models; exit code 0 when it comes to the same",
            [reference, file, expect, giveUpAfter],
            ["stack replay last", "stack replay --file tests/rounding.recording.json", "stack replay --file tests/rounding.recording.json --expect completed --json"],
            async (session, parsed, cancellationToken) =>
            {
                var replay = (parsed.GetValue(reference), parsed.GetValue(file)) switch
                {
                    ({ } id, null) => await session.Api.ReplayAsync(await WorkflowLookup.FindAsync(session, id, cancellationToken), cancellationToken),
                    (null, { } path) => await session.Api.ReplayAsync(await InputText.ReadAsync(session.Surroundings, path, cancellationToken), cancellationToken),
                    _ => throw new UsageException("What is to be replayed? Name either a workflow or a recording: stack replay last, stack replay --file FILE."),
                };
                return await FinishAsync(session, replay.Id, parsed.GetRequiredValue(expect), ReconnectPolicy.Of(parsed.GetValue(giveUpAfter)), cancellationToken);
            });
    }

    private static async Task<ExitCode> FinishAsync(Session session, WorkflowId id, string expect, ReconnectPolicy policy, CancellationToken cancellationToken)
    {
        var follower = new WorkflowFollower(session.Api, session.Time, policy);
        while (true)
        {
            var workflow = session.Output.IsJson
                ? await follower.FollowAsync(id, new SilentView(session.Output), cancellationToken)
                : await FollowSession.ShowAsync(session, follower, id, cancellationToken);
            if (workflow.Status is not WorkflowStatus.Waiting)
            {
                return Say(session, await session.Api.CompareAsync(id, cancellationToken), expect);
            }

            if (!await DecideAsync(session, workflow, cancellationToken))
            {
                session.Output.Note($"The replay asks something that nobody decided when it was recorded. Decide it with '{session.Propose($"approve {Words.Short(id)}")}' or reject it, and look at '{session.Propose($"follow {Words.Short(id)}")}'.");
                return ExitCode.Waiting;
            }
        }
    }

    /// <summary>Decides as it was decided when it was recorded.</summary>
    private static async Task<bool> DecideAsync(Session session, WorkflowResource workflow, CancellationToken cancellationToken)
    {
        var recorded = await session.Api.GetDecisionsAsync(workflow.Id, cancellationToken);
        var asked = (workflow.Stages ?? []).Where(stage => stage.Status is StageStatus.AwaitingApproval && recorded.GetValueOrDefault(stage.Name) is { Amended: false }).ToList();
        foreach (var stage in asked)
        {
            var decision = recorded[stage.Name];
            await session.Api.DecideAsync(workflow.Id, stage.Name, decision.Approved ? "approve" : "reject", new DecisionRequest { Comment = decision.Comment ?? $"as {decision.DecidedBy} decided" }, cancellationToken);
        }

        return asked.Count > 0;
    }

    private static ExitCode Say(Session session, ReplayComparison comparison, string expect)
    {
        var isGood = expect == Same ? comparison.Same : Words.Of(comparison.Status) == expect;
        if (session.Output.IsJson)
        {
            session.Output.Document(comparison);
            return isGood ? ExitCode.Completed : ExitCode.Failed;
        }

        session.Output.Line($"{Styles.Apply(comparison.Same ? "green" : "red", comparison.Same ? "same" : "different")}: {comparison.Replayed} of {comparison.Recorded} recorded calls were made again, the replay is {Words.Of(comparison.Status)}");
        var table = new ResultTable("WHAT", "NAME", "RECORDED", "REPLAYED");
        foreach (var difference in comparison.Differences)
        {
            table.Add(difference.What, difference.Name, difference.Recorded, difference.Replayed);
        }

        if (comparison.Differences.Count > 0)
        {
            table.Write(session.Output);
        }

        if (comparison.LeftOut.Count > 0)
        {
            session.Output.Note($"Left out, because they act on more than the workspace: {string.Join(", ", comparison.LeftOut)}.");
        }

        if (comparison.OtherOutputs.Count > 0)
        {
            session.Output.Note($"The outputs of these stages are not the same bytes, which does not count (they have times and ids in them): {string.Join(", ", comparison.OtherOutputs)}.");
        }

        if (expect != Same)
        {
            session.Output.Note(isGood ? $"It is {expect}, as expected." : $"It is {Words.Of(comparison.Status)}; expected is {expect}.");
        }

        return isGood ? ExitCode.Completed : ExitCode.Failed;
    }

    /// <summary>Shows nothing but remarks.</summary>
    private sealed class SilentView(Output output) : IProgressView
    {
        public bool NeedsEveryPicture => false;

        public void Show(WorkflowResource workflow)
        {
            // The comparison says it.
        }

        public void Show(EventResource happened)
        {
            // The comparison says it.
        }

        public void Remark(string line) => output.Note(line);

        public void Tick()
        {
            // Nothing moves on its own.
        }
    }
}
