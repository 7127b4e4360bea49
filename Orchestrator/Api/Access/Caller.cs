using Stack.Contracts;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api.Access;

/// <summary>Who made a request.</summary>
/// <param name="Name">The name of a key, an agent's id, or <c>local</c>.</param>
/// <param name="Scope">What they may do.</param>
/// <param name="AgentId">The agent, when it is one that showed its token.</param>
/// <param name="Refusal">What is answered because they may do nothing. Null: they may do what their scopes say.</param>
internal sealed record Caller(string Name, Scope Scope, AgentId? AgentId = null, Problem? Refusal = null)
{
    /// <summary>The caller of a request.</summary>
    /// <param name="context">The request.</param>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Nobody(ProblemTypes.Unauthorized, "The request was not checked.");

    /// <summary>A caller that may do nothing.</summary>
    /// <param name="problem">The type of the answer.</param>
    /// <param name="refusal">Why, with the remedy.</param>
    public static Caller Nobody(string problem, string refusal) => new("nobody", Scope.None, null, Problem.Of(problem, refusal));

    /// <summary>Whether the caller has one of the scopes.</summary>
    /// <param name="scope">The scopes.</param>
    public bool May(Scope scope) => (Scope & scope) != 0;

    /// <summary>Whether the caller may speak for an agent: as the agent itself, or where agents need no token.</summary>
    /// <param name="agentId">The agent.</param>
    public bool SpeaksFor(AgentId agentId) => AgentId is not { } own || string.Equals(own.Value, agentId.Value, StringComparison.Ordinal);
}
