using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    [ServerFact]
    public async Task Settle_ClaimThatHolds_CountsWithTheOutputThatItBrought()
    {
        var claim = await ClaimAsync(Payload(70_000));
        Assert.Empty(await Store.LoadOutputsAsync(claim.State.Id, CancellationToken.None));
        Assert.Empty(await Store.ListActiveAttemptsAsync(null, 10, CancellationToken.None));
        Assert.Equal([claim.State.Id], (await Store.ListAttemptsAsync(new AttemptQuery { Status = AttemptStatus.Verifying }, CancellationToken.None)).Select(attempt => attempt.Attempt.TaskId.WorkflowId));

        await Store.CommitAsync(claim.Then(Judged()) with { SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Completed, null)] });
        var attempt = await Store.AttemptAsync(claim.State.Id);
        Assert.Equal((AttemptStatus.Completed, Now.AddMinutes(1), "c1"), (attempt.Attempt.Status, attempt.FinishedAt, attempt.Commit));
        Assert.Equal(70_000, (await Store.LoadOutputsAsync(claim.State.Id, CancellationToken.None))["build"].SizeBytes);
        Assert.Empty(await Store.ListAttemptsAsync(new AttemptQuery { Status = AttemptStatus.Verifying }, CancellationToken.None));
    }

    [ServerTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Settle_ClaimThatDoesNotHold_IsAFailureThatKeepsWhatItBrought(bool bare)
    {
        var claim = await ClaimAsync(bare ? null : Payload(10), bare);
        var error = new StructuredError { Code = "not_verified", Message = "Not verified: ü" };
        await Store.CommitAsync(claim.Then(Judged()) with { SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Failed, error)] });
        var attempt = await Store.AttemptAsync(claim.State.Id);
        Assert.Equal((AttemptStatus.Failed, error, bare ? null : "c1"), (attempt.Attempt.Status, attempt.Error, attempt.Commit));
        Assert.Equal(bare ? null : Payload(10), attempt.Output);
        Assert.Empty(await Store.LoadOutputsAsync(claim.State.Id, CancellationToken.None));
    }

    [ServerFact]
    public async Task Settle_WhatIsNoClaim_ChangesNothing()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var settled = first.Then(Judged()) with { SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Completed, null), new AttemptSettlement("test", 7, AttemptStatus.Failed, null)] };
        await Store.CommitAsync(settled);
        Assert.Equal(AttemptStatus.Pending, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
        await Store.CommitAsync(settled.Then(Judged()) with { EndedAttempts = [End("build", 1, AttemptStatus.Lost)] });
        Assert.Equal(AttemptStatus.Lost, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
    }

    [ServerFact]
    public async Task Settle_OtherVersionIsStored_LeavesTheClaimAlone()
    {
        var claim = await ClaimAsync(null);
        var late = claim.Then(Judged()) with { SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Completed, null)] };
        await Store.CommitAsync(claim.Then());
        Assert.Equal([claim.State.Id], (await Store.CommitAsync(late)).Conflicts);
        Assert.Equal(AttemptStatus.Verifying, (await Store.AttemptAsync(claim.State.Id)).Attempt.Status);
    }

    [ServerFact]
    public async Task Settle_ClaimOfTheSameWrite_IsSettled()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        await Store.CommitAsync(first.Then(Judged()) with { EndedAttempts = [End("build", 1, AttemptStatus.Verifying)], SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Canceled, null)] });
        Assert.Equal(AttemptStatus.Canceled, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
    }

    private async Task<WorkflowWrite> ClaimAsync(JsonPayload? output, bool bare = false)
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var claim = first.Then(new StageClaimed { At = Now, Stage = "build", Attempt = 1 }) with { EndedAttempts = [End("build", 1, AttemptStatus.Verifying, output) with { Commit = bare ? null : "c1" }] };
        await Store.CommitAsync(claim);
        return claim;
    }

    private static ClaimJudged Judged() => new() { At = Now, Stage = "build", Attempt = 1, Verified = true };
}
