using Stack.Contracts;
using Stack.Messaging.RabbitMq;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

public sealed class HeldTasksTests
{
    private static readonly TaskId Task = new(new WorkflowId(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057")), "build", 1);

    [Fact]
    public void Arrive_OfWhatIsDone_IsSettled_UnlessItWasPublishedAgainBecauseNobodyKnowsItsResult()
    {
        var held = new HeldTasks();
        Assert.Equal(Arrival.Offer, held.Arrive(Delivered(isAgain: false)));
        held.Remove(Task, done: true);
        Assert.Equal(Arrival.Settle, held.Arrive(Delivered(isAgain: false)));
        Assert.Equal(Arrival.Offer, held.Arrive(Delivered(isAgain: true)));
        held.Cancel(Task);
        Assert.Equal(Arrival.Settle, held.Arrive(Delivered(isAgain: true)));
    }

    private static HeldTask Delivered(bool isAgain) => new()
    {
        Task = new TaskEnvelope
        {
            TaskId = Task,
            AgentType = "noop",
            CreatedAt = DateTimeOffset.UnixEpoch,
            Deadline = DateTimeOffset.UnixEpoch.AddMinutes(1),
            WorkflowContext = new WorkflowContext { WorkflowType = "test", WorkflowName = "test", Definition = "test", Requirements = "", CurrentStage = "build" },
        },
        ReplyTo = null,
        IsDoubtful = isAgain,
        IsAgain = isAgain,
    };
}
