using System.Text;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Verification;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Verification;

public sealed class EvidenceBookTests
{
    private readonly WorkflowId _id = Writes.NextId();
    private readonly InMemoryStore _store = new();

    [Fact]
    public async Task Read_AsWritten_IsIntactAndEachNamesTheOneBefore()
    {
        var (first, second) = await KeepTwoAsync();
        var book = new EvidenceBook(_store);
        var list = await book.ReadAsync(_id, CancellationToken.None);
        Assert.True(list.Intact);
        Assert.Equal([null, first], list.Verifications.Select(piece => piece.Record.Previous));
        Assert.Equal([first, second], list.Verifications.Select(piece => piece.Sha256));
    }

    [Fact]
    public async Task Read_RecordWasChanged_IsNotIntact()
    {
        var (_, second) = await KeepTwoAsync();
        var list = await ReadAsync(kept => kept.Sha256 == second
            ? [kept with { Content = JsonPayload.FromTrustedUtf8(Encoding.UTF8.GetBytes(kept.Content.ToString().Replace("\"verified\":false", "\"verified\":true", StringComparison.Ordinal))) }]
            : [kept]);
        Assert.Equal((false, true, false), (list.Intact, list.Verifications[0].Intact, list.Verifications[1].Intact));
        Assert.True(list.Verifications[1].Record.Verified);
    }

    [Fact]
    public async Task Read_RecordWasTakenAway_IsNotIntact()
    {
        var (first, _) = await KeepTwoAsync();
        Assert.False((await ReadAsync(kept => kept.Sha256 == first ? [] : [kept])).Intact);
    }

    private async Task<(string First, string Second)> KeepTwoAsync()
    {
        await _store.CommitAsync(Writes.Submit(_id));
        var book = new EvidenceBook(_store);
        return (await book.KeepAsync(Record(1), CancellationToken.None), await book.KeepAsync(Record(2), CancellationToken.None));
    }

    private async Task<EvidenceList> ReadAsync(Func<StoredEvidence, IEnumerable<StoredEvidence>> tamper)
    {
        var tampered = new InMemoryStore();
        await tampered.CommitAsync(Writes.Submit(_id));
        foreach (var kept in (await _store.ListEvidenceAsync(_id, CancellationToken.None)).SelectMany(tamper))
        {
            await tampered.PutEvidenceAsync(kept, CancellationToken.None);
        }

        var book = new EvidenceBook(tampered);
        return await book.ReadAsync(_id, CancellationToken.None);
    }

    private VerificationRecord Record(int attempt) => new()
    {
        WorkflowId = _id,
        Stage = "build",
        Attempt = attempt,
        VerifiedBy = "one",
        StartedAt = Writes.Now,
        FinishedAt = Writes.Now.AddSeconds(attempt),
        Verified = false,
        Checks = [],
    };
}
