using Stack.Contracts;
using Stack.Orchestrator.Api.Access;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>Who a call is made for; decides on which budgets it is booked.</summary>
/// <param name="Caller">The name of the API key, <c>local</c>, or the agent's id.</param>
/// <param name="IsAgent">Whether an agent calls, with its own token.</param>
/// <param name="Workflow">The workflow. Null: none.</param>
/// <param name="Stage">The stage. Null: none.</param>
/// <param name="Attempt">The attempt. Null: none.</param>
/// <param name="Agent">The agent type or agent definition. Null: not known.</param>
/// <param name="Step">The durable step that the call belongs to. Null: none.</param>
internal sealed record CallOrigin(string Caller, bool IsAgent, string? Workflow = null, string? Stage = null, string? Attempt = null, string? Agent = null, string? Step = null)
{
    /// <summary>Whether an agent may call without a token of its own: agents need none here, and the call names a workflow. It is one when there is that workflow.</summary>
    public bool MayBeAgent { get; init; }

    /// <summary>Reads who a request is made for: its headers <c>Stack-Workflow</c>, <c>Stack-Stage</c>, <c>Stack-Attempt</c>, <c>Stack-Agent</c> and <c>Stack-Step</c>, and the caller.</summary>
    /// <param name="context">The request.</param>
    public static CallOrigin Of(HttpContext context)
    {
        var caller = CallerOf(context);
        var headers = context.Request.Headers;
        var workflow = WorkflowId.TryParse(headers["Stack-Workflow"].ToString(), null, out var id) ? id.ToString() : null;
        return new CallOrigin(caller.Name, caller.AgentId is not null, workflow, Name(headers["Stack-Stage"]), Name(headers["Stack-Attempt"]), Name(headers["Stack-Agent"]), StepOf(headers["Stack-Step"]))
        {
            MayBeAgent = workflow is not null && caller.May(Scope.Agent),
        };
    }

    // Two steps whose names are cut to the same one would take each other's answers.
    private static string? StepOf(string? text) => text is { Length: > 0 and <= 200 } && text.All(c => c is >= ' ' and < (char)127) ? text : null;

    private static Caller CallerOf(HttpContext context) => context.Features.Get<Caller>() ?? new Caller("local", Scope.Everything | Scope.Agent);

    // What is no name would make budgets that nobody finds again.
    private static string? Name(string? text) => text is { Length: > 0 and <= 63 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? text : null;
}
