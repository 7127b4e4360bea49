using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Messaging.RabbitMq;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Orchestrator.Stores.Postgres;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>One trace from the request to the statements and the messages that it causes.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
[NeedsServer("postgresql")]
public sealed class WholeTraceTests(RabbitMqServer server)
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "Stack.Engine", "Stack.Messaging", "Npgsql", "RabbitMQ.Client.Publisher", "RabbitMQ.Client.Subscriber"];

    [ServerFact]
    public async Task Workflow_OverHttpSqlAndAmqp_IsOneTree()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => Sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var database = await PostgresDatabase.CreateAsync();
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:rabbitmq=" + server.Address, "ConnectionStrings:stackdb=" + database.Address);
        var definition = await host.DefineAsync(2);
        var workflow = await host.SubmitAsync(definition);
        await using var feed = new RabbitMqTaskFeed(
            host.Services.GetRequiredService<ITaskFeed>(), RabbitMqSystem.Options(server), TimeProvider.System, new Random(), host.Services.GetRequiredService<ILoggerFactory>());
        var agent = new FeedAgent(feed, AgentId.New(definition, Random.Shared), definition, slots: 2);
        await agent.RegisterAsync();
        for (var stage = 1; stage <= 2; stage++)
        {
            var task = await agent.TakeAsync();
            await feed.ReportAsync([agent.Result(task.TaskId) with { Traceparent = task.Traceparent }], CancellationToken.None);
        }

        var trace = (await host.UntilAsync(workflow.Id, shown => shown.Status is WorkflowStatus.Completed, "It is completed")).TraceId;
        await Eventually.TrueAsync(() => Ours().Count(span => span.OperationName == "commit") == 3, "Each of the three commits has its span.");
        var spans = Ours();
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        var root = Assert.Single(spans, span => !ids.Contains(span.ParentSpanId));
        Assert.Equal("Microsoft.AspNetCore", root.Source.Name);
        foreach (var commit in spans.Where(span => span.OperationName == "commit"))
        {
            Assert.Contains(spans, span => span.Source.Name == "Npgsql" && span.ParentSpanId == commit.SpanId);
        }

        Assert.Equal(4, spans.Count(span => span.Source.Name == "RabbitMQ.Client.Publisher"));

        List<Activity> Ours() => [.. ended.Where(span => span.TraceId.ToString() == trace)];
    }
}
