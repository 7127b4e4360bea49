using System.Collections.Concurrent;
using System.Diagnostics;
using Stack.Contracts;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>One trace across the broker and back.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class TraceTests(RabbitMqServer server)
{
    [ServerFact]
    public async Task Workflow_ThereAndBack_IsOneTree()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Stack.Messaging" || source.Name.StartsWith("RabbitMQ.Client", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync(slots: 2);
        var ids = new List<WorkflowId> { await system.SubmitAsync(FeedSystem.Stage("one")), await system.SubmitAsync(FeedSystem.Stage("one")) };
        var tasks = new[] { await agent.TakeAsync(), await agent.TakeAsync() };

        // Both results travel in one message; each keeps its own place in the tree.
        await agent.Feed.ReportAsync([.. tasks.Select(task => agent.Result(task.TaskId) with { Traceparent = task.Traceparent })], CancellationToken.None);
        foreach (var id in ids)
        {
            await system.WaitForAsync(id, WorkflowStatus.Completed);
        }

        var trace = ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c");
        await Eventually.TrueAsync(() => Ours().Count(activity => activity.OperationName == "take result") >= 2, "Both results were taken.");
        var spans = Ours();
        var known = spans.Select(activity => activity.SpanId.ToHexString()).Append("b7ad6b7169203331").ToHashSet(StringComparer.Ordinal);
        Assert.All(spans, activity => Assert.Contains(activity.ParentSpanId.ToHexString(), known));
        foreach (var taken in spans.Where(activity => activity.OperationName == "take result"))
        {
            var way = Ancestors(taken, spans);
            Assert.True(way.Count >= 3, $"Its ancestors are only {string.Join(" < ", way)}.");
            Assert.Contains("task.result", way);
            Assert.Contains("task", way);
        }

        List<Activity> Ours() => [.. ended.Where(activity => activity.TraceId == trace)];
    }

    private static List<string> Ancestors(Activity activity, List<Activity> spans)
    {
        var way = new List<string>();
        for (var parent = Parent(activity); parent is not null; parent = Parent(parent))
        {
            way.Add(parent.OperationName);
        }

        return way;

        Activity? Parent(Activity child) => spans.FirstOrDefault(span => span.SpanId == child.ParentSpanId);
    }
}
