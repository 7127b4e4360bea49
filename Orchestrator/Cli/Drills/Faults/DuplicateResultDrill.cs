using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Agents that hand in a result again and again, and one of an attempt that is over.</summary>
internal sealed class DuplicateResultDrill : Drill
{
    public override string Name => "duplicate-result";

    public override string Description => "results that come twice, and successes of attempts that had failed before: each counts once or never";

    public override string Component => CanaryCrew.Resource;

    public override CanaryInput InputOf(int index, Random random) =>
        base.InputOf(index, random) with { DelayMs = random.Next(50, 150), RepeatStage = CanaryDefinition.Stages[index % CanaryDefinition.Stages.Count] };

    public override Task InjectAsync(DrillGround ground, CancellationToken cancellationToken) => ground.WaitForWorkAsync(cancellationToken);

    public override async Task<IReadOnlyList<Check>> JudgeAsync(DrillGround ground, Evidence evidence, CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        var counted = evidence.Attempts.Where(attempt => attempt.Status is AttemptStatus.Completed).ToLookup(attempt => (attempt.WorkflowId, attempt.Stage), attempt => attempt.Attempt);
        foreach (var (id, input) in evidence.Accepted)
        {
            var workflow = await ground.Patience.AnswerAsync(token => ground.Api.GetWorkflowAsync(id, token), ground.Limit, cancellationToken);
            var stage = input.RepeatStage!;
            var output = workflow.StageOutputs?.GetValueOrDefault(stage)?.To<CanaryOutput>();
            var attempts = counted[(id, stage)].ToList();
            if (output is null || attempts.Count != 1 || attempts[0] < 2 || output.Attempt != attempts[0])
            {
                wrong.Add($"{id} {stage} has the output of attempt {output?.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}; attempt {string.Join(", ", attempts)} counts");
            }
        }

        return [Check.None("outputs are of the attempt that counts", $"{evidence.Accepted.Count} repeated stages", wrong)];
    }
}
