using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Commit;

public sealed class LeaseBufferTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkflowId Workflow = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));
    private static readonly TaskId One = new(Workflow, "a", 1);
    private static readonly TaskId Two = new(Workflow, "b", 1);

    [Fact]
    public void Add_Filled_IsToldOnceUntilTaken()
    {
        var (buffer, told) = (new LeaseBuffer(), 0);
        buffer.OnFilled(() => told++);
        buffer.Add(Begun(One));
        buffer.Add(Begun(Two));
        buffer.Add(Note(One, "m"));
        Assert.Equal(1, told);
        buffer.Take();
        buffer.Written();
        buffer.Add(Note(One, "m"));
        buffer.Add(Renewed(One, 20));
        Assert.Equal(2, told);
    }

    [Fact]
    public void Add_Renewal_KeepsStartAndDeadline()
    {
        var buffer = new LeaseBuffer();
        buffer.Add(Begun(One));
        buffer.Add(Renewed(One, 20));
        var lease = Assert.Single(buffer.Take().Leases);
        Assert.Equal((Now, Now.AddMinutes(5), Now.AddSeconds(20)), (lease.StartedAt, lease.Deadline, lease.LeaseExpiresAt));
    }

    [Fact]
    public void Return_ARenewalCameMeanwhile_KeepsStartAndDeadlineOfTheFirst()
    {
        var buffer = new LeaseBuffer();
        buffer.Add(Begun(One));
        buffer.Take();
        buffer.Add(Renewed(One, 20));
        Assert.True(buffer.Return());
        var lease = Assert.Single(buffer.Take().Leases);
        Assert.Equal((Now, Now.AddMinutes(5), Now.AddSeconds(20)), (lease.StartedAt, lease.Deadline, lease.LeaseExpiresAt));
    }

    [Fact]
    public void Return_AttemptEndedMeanwhile_DoesNotComeBack()
    {
        var buffer = new LeaseBuffer();
        buffer.Add(Begun(One));
        buffer.Take();
        buffer.Remove(One);
        Assert.False(buffer.Return());
        Assert.Empty(buffer.Take().Leases);
    }

    [Fact]
    public void Return_Notes_ComeBackInOrder()
    {
        var buffer = new LeaseBuffer();
        buffer.Add(Note(One, "first"));
        buffer.Take();
        buffer.Add(Note(One, "second"));
        buffer.Return();
        Assert.Equal(["first", "second"], buffer.Take().Notes.Select(note => ((AttemptProgressed)note.Event).Message));
    }

    [Fact]
    public void IsAlive_WhileItWaitsAndWhileItIsWritten()
    {
        var buffer = new LeaseBuffer();
        Assert.False(buffer.IsAlive(One, Now));
        buffer.Add(Renewed(One, 15));
        Assert.True(buffer.IsAlive(One, Now));
        Assert.False(buffer.IsAlive(One, Now.AddSeconds(15)));
        buffer.Take();
        Assert.True(buffer.IsAlive(One, Now));
        buffer.Written();
        Assert.False(buffer.IsAlive(One, Now));
    }

    [Fact]
    public void Add_NotesForAStoreThatIsAwayForLong_KeepTheNewest()
    {
        var buffer = new LeaseBuffer();
        for (var i = 0; i < 100_000; i++)
        {
            buffer.Add(Note(One, $"{i}"));
        }

        var notes = buffer.Take().Notes;
        Assert.InRange(notes.Count, 10_000, 20_000);
        Assert.Equal("99999", ((AttemptProgressed)notes[^1].Event).Message);
    }

    [Fact]
    public void Add_DispatchedAfterRunning_IsOldNews()
    {
        var buffer = new LeaseBuffer();
        buffer.Add(Begun(One));
        buffer.Add(new LeaseWrite { TaskId = One, Status = AttemptStatus.Dispatched, Deadline = Now.AddHours(1) });
        Assert.Equal((AttemptStatus.Running, Now.AddMinutes(5)), Assert.Single(buffer.Take().Leases) is var lease ? (lease.Status, lease.Deadline) : default);
    }

    private static LeaseWrite Begun(TaskId task) => new()
    {
        TaskId = task,
        Status = AttemptStatus.Running,
        AgentId = new AgentId("noop-1"),
        StartedAt = Now,
        LeaseExpiresAt = Now.AddSeconds(15),
        Deadline = Now.AddMinutes(5),
    };

    private static LeaseWrite Renewed(TaskId task, int seconds) =>
        new() { TaskId = task, Status = AttemptStatus.Running, AgentId = new AgentId("noop-1"), LeaseExpiresAt = Now.AddSeconds(seconds) };

    private static NoteWrite Note(TaskId task, string message) => new() { TaskId = task, Event = new AttemptProgressed { Message = message } };
}
