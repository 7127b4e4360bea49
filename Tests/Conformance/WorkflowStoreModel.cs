using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

/// <summary>
/// Random batches give the same outcomes, and leave the same behind, in a store and in the one in memory. Few workflows, stages and numbers, so that they collide.
/// </summary>
public abstract class WorkflowStoreModel
{
    private static readonly string[] Stages = ["build", "test"];

    private readonly List<string> _outcomes = [];

    /// <summary>How many sequences of batches are tried.</summary>
    protected virtual int Sequences => 60;

    /// <summary>Opens a store on an empty database, migrated.</summary>
    /// <returns>The store, and what removes it.</returns>
    protected abstract Task<(IWorkflowStore Store, IAsyncDisposable Owner)> OpenAsync();

    /// <summary>Fails when something in the database contradicts something else.</summary>
    protected abstract Task VerifyAsync(IWorkflowStore store);

    [ServerFact]
    public void AnyBatches_InTheStoreAndInMemory_GiveTheSame()
    {
        var batches = Gen.ListOf(Gen.NonEmptyListOf(Gen.Choose(0, int.MaxValue - 1)));
        var property = Prop.ForAll(batches.ToArbitrary(), steps => CompareAsync([.. steps.Select(step => step.ToList())]).GetAwaiter().GetResult());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Sequences).WithEndSize(40), property);

        // A generator that made only refused batches would prove nothing.
        Assert.True(_outcomes.Count(outcome => outcome.Contains("last_event_id\":0", StringComparison.Ordinal)) < _outcomes.Count * 3 / 4, "Most batches wrote nothing.");
        Assert.Contains(_outcomes, outcome => outcome == "refused");
        Assert.Contains(_outcomes, outcome => !outcome.Contains("\"conflicts\":[]", StringComparison.Ordinal));
        Assert.Contains(_outcomes, outcome => !outcome.Contains("\"idempotency_conflicts\":[]", StringComparison.Ordinal));
        Assert.True(_outcomes.Count(outcome => outcome == "refused") < _outcomes.Count / 2, "Most batches were refused.");
    }

    private async Task<bool> CompareAsync(IReadOnlyList<IReadOnlyList<int>> steps)
    {
        var (tested, owner) = await OpenAsync();
        await using var _ = owner;
        var memory = new InMemoryStore();
        var ids = Enumerable.Range(1, 4).Select(number => new WorkflowId(new Guid(number, 0, 0, new byte[8]))).ToList();
        var versions = new Dictionary<WorkflowId, WorkflowWrite>();
        foreach (var step in steps)
        {
            var batch = Batch(step, ids, versions);
            var outcome = await OutcomeAsync(tested, batch);
            Assert.Equal(await OutcomeAsync(memory, batch), outcome);
            _outcomes.Add(outcome);
            foreach (var write in batch.Workflows)
            {
                // The generator goes on from what is stored, most of the time.
                if ((await memory.LoadAsync([write.State.Id], CancellationToken.None)).SingleOrDefault() is { } stored)
                {
                    versions[write.State.Id] = write with { State = stored.State, Events = [] };
                }
            }
        }

        await SameReadsAsync(memory, tested, ids);
        await VerifyAsync(tested);
        Assert.Equal(await memory.PruneAsync(Now.AddDays(1), 2, dryRun: false, CancellationToken.None), await tested.PruneAsync(Now.AddDays(1), 2, dryRun: false, CancellationToken.None));
        await SameReadsAsync(memory, tested, ids);
        await VerifyAsync(tested);
        return true;
    }

    private static async Task<string> OutcomeAsync(IWorkflowStore store, CommitBatch batch)
    {
        try
        {
            var outcome = await store.CommitAsync(batch, CancellationToken.None);
            return JsonSerializer.Serialize(outcome with { Conflicts = [.. outcome.Conflicts.Order()], IdempotencyConflicts = [.. outcome.IdempotencyConflicts.Order()] }, StackJson.Options);
        }
        catch (StoreInvariantException)
        {
            return "refused";
        }
    }

    private static CommitBatch Batch(IReadOnlyList<int> numbers, List<WorkflowId> ids, Dictionary<WorkflowId, WorkflowWrite> versions)
    {
        var workflows = new Dictionary<WorkflowId, WorkflowWrite>();
        var leases = new List<LeaseWrite>();
        var notes = new List<NoteWrite>();
        foreach (var number in numbers)
        {
            var dice = new Dice(number);
            var id = ids[dice.Next(ids.Count)];
            var (stage, attempt) = (Stages[dice.Next(2)], dice.Next(3) + 1);
            switch (dice.Next(8))
            {
                case 0:
                    leases.Add(dice.Next(3) == 0 ? Dispatched(id, stage, attempt) : Lease(id, $"agent-{dice.Next(2)}", dice.Next(100), stage, attempt));
                    break;
                case 1:
                    notes.Add(Note(id, new AttemptProgressed { At = Now, Message = dice.Next(2) == 0 ? null : $"{number}", Iteration = dice.Next(2) == 0 ? null : 3 }, stage, attempt));
                    break;
                default:
                    var write = workflows.GetValueOrDefault(id) ?? Begin(id, versions.GetValueOrDefault(id), dice);
                    workflows[id] = Change(write, stage, attempt, dice);
                    break;
            }
        }

        return new CommitBatch { Workflows = [.. workflows.Values], Leases = leases, Notes = notes };
    }

    private static WorkflowWrite Begin(WorkflowId id, WorkflowWrite? stored, Dice dice) =>
        stored is null || dice.Next(12) == 0
            ? Submit(id, key: dice.Next(2) == 0 ? $"key-{dice.Next(2)}" : null, priority: (Priority)dice.Next(4)) with { NewAttempts = [] }
            : (stored with { Header = null, Idempotency = null, NewAttempts = [], EndedAttempts = [], SettledAttempts = [], State = stored.State with { Version = stored.State.Version - (dice.Next(8) == 0 ? 1 : 0) } }).Then();

    private static WorkflowWrite Change(WorkflowWrite write, string stage, int attempt, Dice dice) => dice.Next(7) switch
    {
        6 => write with { SettledAttempts = [.. write.SettledAttempts, new AttemptSettlement(stage, attempt, (AttemptStatus)(dice.Next(3) switch { 0 => 3, 1 => 4, _ => 8 }), dice.Next(2) == 0 ? null : new StructuredError { Code = "x", Message = "ü" })] },
        0 or 1 => write.NewAttempts.Any(begun => begun.Stage == stage && begun.Attempt == attempt)
            ? write
            : write with { NewAttempts = [.. write.NewAttempts, Writes.Begin(stage, attempt)], Events = [.. write.Events, new StageQueued { At = Now, Stage = stage, Attempt = attempt }] },
        2 or 3 => write with { EndedAttempts = [.. write.EndedAttempts, End(stage, attempt, (AttemptStatus)(3 + dice.Next(7)), dice.Next(2) == 0 ? null : Payload(dice.Next(2) == 0 ? 70_000 : 10))] },
        4 => write with { Events = [.. write.Events, new WorkflowRetried { At = Now, Stages = [stage] }], State = write.State with { End = null, EndedAt = null } },
        _ => write with { State = write.State with { End = (WorkflowStatus)(3 + dice.Next(4)), EndedAt = Now.AddSeconds(dice.Next(1000)) }, DisplayState = "OVER", Progress = dice.Next(101) },
    };

    private static async Task SameReadsAsync(IWorkflowStore memory, IWorkflowStore tested, List<WorkflowId> ids)
    {
        Same(await ReadAllAsync(memory, ids), await ReadAllAsync(tested, ids));
    }

    private static async Task<List<string>> ReadAllAsync(IWorkflowStore store, List<WorkflowId> ids)
    {
        var none = CancellationToken.None;
        var reads = new List<object?>
        {
            await store.LoadAsync(ids, none),
            await store.ListAsync(new WorkflowQuery(), none),
            await store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Failed, Limit = 1 }, none),
            await store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Running, Before = ids[2] }, none),
            await store.ListAsync(new WorkflowQuery { Priority = Priority.High }, none),
            await store.ReadEventsAsync(null, 0, 10_000, none),
            await store.ReadEventsAsync(ids[0], 3, 2, none),
            await store.ListAttemptsAsync(new AttemptQuery { Limit = 1000 }, none),
            await store.ListAttemptsAsync(new AttemptQuery { Status = AttemptStatus.Lost, Before = new TaskId(ids[3], "build", 3) }, none),
            await store.ListActiveAttemptsAsync(new TaskId(ids[0], "test", 1), 100, none),
            (await store.ListOverdueAttemptsAsync(Now.AddSeconds(50), 100, none)).OrderBy(attempt => attempt.TaskId.ToString(), StringComparer.Ordinal),
            await store.ListDueTimersAsync(Now, 100, none),
            await store.FindIdempotencyKeyAsync("key-0", none),
            await store.FindIdempotencyKeyAsync("key-1", none),
            await store.PruneAsync(Now.AddDays(1), 100, dryRun: true, none),
        };
        var counts = await store.CountAsync(none);
        reads.Add(counts.Workflows.OrderBy(pair => pair.Key));
        reads.Add(counts.Attempts.Select(pair => $"{pair.Key} {pair.Value.ToString(CultureInfo.InvariantCulture)}").Order(StringComparer.Ordinal));
        foreach (var id in ids)
        {
            reads.Add((await store.LoadOutputsAsync(id, none)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
            foreach (var (stage, attempt) in from stage in Stages from attempt in Enumerable.Range(1, 3) select (stage, attempt))
            {
                reads.Add(await store.FindAttemptAsync(new TaskId(id, stage, attempt), none));
            }
        }

        return [.. reads.Select(read => JsonSerializer.Serialize(read, StackJson.Options))];
    }

    /// <summary>Draws from one number, so that FsCheck can shrink it.</summary>
    private sealed class Dice(int number)
    {
        private uint _rest = (uint)number;

        public int Next(int sides)
        {
            var drawn = (int)(_rest % (uint)sides);
            _rest /= (uint)sides;
            return drawn;
        }
    }
}
