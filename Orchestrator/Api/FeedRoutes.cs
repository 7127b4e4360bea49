using Microsoft.AspNetCore.Http.Metadata;
using Stack.Contracts;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>The routes of the agents' protocol, with what they take and answer for the OpenAPI document.</summary>
internal static class FeedRoutes
{
    /// <summary>The tag of the routes.</summary>
    public const string Tag = "Agents' feed";

    /// <summary>The protocol, for those who write an agent.</summary>
    public const string Protocol =
        """
        Any program that speaks HTTP and JSON can be an agent.

        1. **Register**: `POST /api/v1/agents` with an id of your own (`TYPE-` and eight hexadecimal digits), your type and version. When the orchestrator has a join token, send it as
           `Authorization: Bearer TOKEN`; the answer then holds a `token` of your own, which you send with everything else. It also tells `heartbeat_interval_ms` and `lease_ms`.
        2. **Claim**: `POST /api/v1/tasks/claim` with `agent_id`, `agent_type`, `max_tasks` and `wait_ms`. The answer comes as soon as there is a task, or is `[]` when the time is over;
           claim again. What you get is yours for `lease_ms`, and has timed out at `deadline`.
        3. **Heartbeat**: `POST /api/v1/agents/{agent_id}/heartbeat` every `heartbeat_interval_ms`, naming the tasks that you work on: that renews their leases. With `wait_ms` the call
           waits for something to stop. For every entry of `cancels`, end the work and its child processes, and send no result. `known: false` means: register again.
        4. **Tell how it goes** (optional): `POST /api/v1/tasks/statuses` with a message, a percentage, an iteration, log lines.
        5. **Do not pay twice** (optional): before an expensive step, `GET /api/v1/tasks/{task_id}/steps/{name}/{sha256 of the input}`; after it, `PUT` its result. A later attempt finds it.
        6. **Hand in**: `POST /api/v1/tasks/results` with one envelope for each task. `outcome.type` is `stage.completed` (with `output`), `stage.failed` (with `error`), `stage.needs_approval`,
           `stage.snoozed` or `stage.canceled` (you hand it back; that costs nothing). Keep a result until its receipt is there, whatever it says: `accepted`, `duplicate`, `stale` and
           `unknown` all mean that you can forget it. Sending a result again changes nothing.
        7. **Leave**: `POST /api/v1/agents/{agent_id}/deregister`. What you still hold goes to others at once.

        A task's files are in the git repository `workspace.url` (relative to the orchestrator's address). Start from `base_commit`, push to `attempt_branch`, and name your commit in the
        result's `change.commit`. The token is the password for git, with any user name.

        The same attempt may be given out twice after a crash, under the same number; an attempt whose lease ran out is followed by one with a higher number. Only the result of the current
        number counts, once. Answer 429 and 503 by waiting for `Retry-After` seconds.
        """;

    private const long MaxResultBytes = 64L * 1024 * 1024;

    public static void MapFeed(this IEndpointRouteBuilder routes)
    {
        var feed = ActivatorUtilities.CreateInstance<Feed>(routes.ServiceProvider);
        var steps = ActivatorUtilities.CreateInstance<Steps>(routes.ServiceProvider);
        var group = routes.MapGroup("").WithTags(Tag).Require(Scope.Agent);
        Post(group, "/agents", feed.RegisterAsync, "Register an agent").Require(Scope.Join).Takes<AgentRegistration>().Answers<AgentRegistered>();
        Post(group, "/agents/{agent_id}/deregister", feed.DeregisterAsync, "Say goodbye").AnswersNothing();
        Post(group, "/agents/{agent_id}/heartbeat", feed.HeartbeatAsync, "Renew leases, learn what to stop").Takes<AgentHeartbeat>().Answers<HeartbeatReply>();
        Post(group, "/tasks/claim", feed.ClaimAsync, "Take tasks").Takes<TaskClaim>().Answers<IReadOnlyList<TaskEnvelope>>();
        Post(group, "/tasks/{task_id}/start", feed.StartAsync, "Ask whether a task is still current").Answers<StartReply>();
        Post(group, "/tasks/results", feed.ReportAsync, "Hand in results").Takes<List<ResultEnvelope>>().Answers<IReadOnlyList<ResultReceipt>>().LimitBody(MaxResultBytes);
        Post(group, "/tasks/statuses", feed.ReportStatusAsync, "Tell how tasks get on").Takes<List<StatusEnvelope>>().AnswersNothing();
        const string step = "/tasks/{task_id}/steps/{name}/{input_hash}";
        group.MapGet(step, (RequestDelegate)steps.FindAsync).WithMetadata(((Delegate)steps.FindAsync).Method).WithSummary("Look up a durable step").Answers<JsonPayload>();
        group.MapPut(step, (RequestDelegate)steps.RecordAsync).WithMetadata(((Delegate)steps.RecordAsync).Method).WithSummary("Journal a durable step; the first writer wins")
            .Takes<JsonPayload>().Answers<JsonPayload>().LimitBody(Steps.MaxBytes);
    }

    private static IEndpointConventionBuilder Post(RouteGroupBuilder group, string pattern, RequestDelegate handler, string summary) =>
        group.MapPost(pattern, handler).WithMetadata(handler.Method).WithSummary(summary);

    private static IEndpointConventionBuilder Takes<T>(this IEndpointConventionBuilder builder) => builder.WithMetadata(new AcceptsMetadata(["application/json"], typeof(T)));

    private static IEndpointConventionBuilder Answers<T>(this IEndpointConventionBuilder builder) => builder.WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));

    private static IEndpointConventionBuilder AnswersNothing(this IEndpointConventionBuilder builder) => builder.WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status204NoContent, typeof(void), []));
}
