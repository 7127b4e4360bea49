using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.Agents;

namespace Stack.Tests.Orchestrator.Cli.Canary;

public sealed class CanaryLedgerTests : IDisposable
{
    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Read_NoAgentEverRan_IsEmpty() => Assert.Empty(CanaryLedger.Read(_data.Path, _ => true));

    [Fact]
    public void Read_SeveralAgentsAndATornLine_GivesTheRunsWholeLines()
    {
        var folder = Directory.CreateDirectory(Path.Combine(CanaryLedger.DirectoryIn(_data.Path), CanaryFiles.Ledgers)).FullName;
        var (ours, others) = (EvidenceOf.Entry(new TaskId(EvidenceOf.One, "first", 1), CanaryLedgerEvent.Begun), EvidenceOf.Entry(new TaskId(EvidenceOf.Two, "first", 1), CanaryLedgerEvent.Begun));
        File.WriteAllLines(Path.Combine(folder, "canary-1.jsonl"), [Line(ours), Line(others)]);
        File.WriteAllText(Path.Combine(folder, "canary-2.jsonl"), Line(ours with { Event = CanaryLedgerEvent.Finished }) + "\n" + Line(ours)[..40]);

        var read = CanaryLedger.Read(_data.Path, id => id == EvidenceOf.One);

        Assert.Equal([CanaryLedgerEvent.Begun, CanaryLedgerEvent.Finished], read.Select(entry => entry.Event));
        Assert.All(read, entry => Assert.Equal(ours.TaskId, entry.TaskId));
    }

    private static string Line(CanaryLedgerEntry entry) => JsonSerializer.Serialize(entry, StackJson.Options);
}
