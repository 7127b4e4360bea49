using System.Net.Http.Json;
using Stack.Contracts;

namespace Stack.Tests.EndToEnd;

/// <summary>Agents' claims on a whole stack: what they say counts for nothing, what is there does.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class EvidenceTests
{
    [Fact]
    public async Task Claims_OnAWholeStack_AreCheckedAndSurviveTheDeathOfTheOrchestrator()
    {
        await using var stack = new RunningStack();
        await stack.StartAsync();
        await AssertLiarEndsNotVerifiedAsync(stack);
        await AssertKilledVerificationIsMadeAgainAsync(stack);
        await stack.StopAsync();
        Assert.Empty(stack.Processes());
    }

    // The agent does its usual work and claims to be done; what was asked for is not in its commit.
    private static async Task AssertLiarEndsNotVerifiedAsync(RunningStack stack)
    {
        await DefineAsync(stack, "liar", "      - type: file\n        path: docs/manual.md\n");
        var id = (await stack.SubmitAsync("A library that converts temperatures", "liar")).Id;
        var ended = await UntilAsync(stack, id, workflow => workflow.CompletedAt is not null);
        Assert.Equal((WorkflowStatus.Failed, "not_verified"), (ended.Status, ended.Error?.Code));
        var shown = await Programs.CliAsync(stack, TimeSpan.FromMinutes(1), "evidence", id.ToString());
        Assert.True(shown.ExitCode == 0, shown.Output + shown.Error);
        Assert.Contains("work#1 not verified", shown.Output, StringComparison.Ordinal);
        Assert.Contains("docs/manual.md is there", shown.Output, StringComparison.Ordinal);
    }

    private static async Task AssertKilledVerificationIsMadeAgainAsync(RunningStack stack)
    {
        var trace = Path.Combine(stack.DataDirectory, "checked");
        await DefineAsync(stack, "honest", $"      - type: diff\n        must_change: [\"**/*.cs\"]\n      - type: command\n        name: it takes a while\n        run: echo $$ >> {trace}; sleep 4\n");
        var id = (await stack.SubmitAsync("A library that converts temperatures", "honest")).Id;
        await Answering.TrueAsync(() => Task.FromResult(File.Exists(trace)), TimeSpan.FromMinutes(2), () => $"Nothing was checked.{Environment.NewLine}{stack.Output}");
        RunningStack.Kill(stack.Processes().First(process => process.Command.Contains("Stack.Orchestrator.dll", StringComparison.Ordinal)).Pid);

        var ended = await UntilAsync(stack, id, workflow => workflow.CompletedAt is not null);
        Assert.True(ended.Status is WorkflowStatus.Completed, ended.Reason);
        var stage = ended.Stages!.Single(stage => stage.Name == "work");
        Assert.Equal((true, 1, 0), (stage.Verified, stage.Attempt, stage.Failures));
        Assert.Equal(2, (await File.ReadAllLinesAsync(trace)).Length);
        var evidence = await stack.Client.GetFromJsonAsync<EvidenceList>($"/api/v1/workflows/{id}/evidence", StackJson.Options);
        Assert.Equal(stage.Evidence, Assert.Single(evidence!.Verifications).Sha256);
        Assert.Single(await stack.EventsAsync(id), happened => happened is { Type: "stage.completed", Stage: "work" });
    }

    private static async Task DefineAsync(RunningStack stack, string name, string accept)
    {
        var text = $"name: {name}\nstages:\n  - name: initialization\n    agent: initialization\n  - name: work\n    agent: scaffold\n    needs: [initialization]\n    retry: {{max_attempts: 1}}\n    with: {{mode: create}}\n    accept:\n{accept}";
        using var answer = await stack.Client.PostAsync("/api/v1/definitions", new StringContent(text, null, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<WorkflowResource> UntilAsync(RunningStack stack, WorkflowId id, Func<WorkflowResource, bool> wanted)
    {
        WorkflowResource? workflow = null;
        await Answering.TrueAsync(async () => wanted(workflow = await stack.GetAsync(id)), TimeSpan.FromMinutes(3), () => $"Workflow {id}: {workflow?.Status}, {workflow?.Reason}{Environment.NewLine}{stack.Output}");
        return workflow!;
    }
}
