using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>What all attempts of this process share.</summary>
/// <param name="Home">Who and where the process is.</param>
/// <param name="Feed">The orchestrator's tasks.</param>
/// <param name="Statuses">Takes what attempts have to tell.</param>
/// <param name="Environment">What child processes inherit.</param>
/// <param name="Clients">Connections.</param>
/// <param name="Token">The agent's token.</param>
/// <param name="Time">The clock.</param>
internal sealed record AgentKit(AgentHome Home, ITaskFeed Feed, StatusSender Statuses, ProcessEnvironment Environment, AgentClients Clients, AgentToken Token, TimeProvider Time);

/// <summary>The connections of this process.</summary>
/// <param name="Orchestrator">To the orchestrator's API, with the agent's token, the address set, resilient.</param>
/// <param name="Models">To the gateway, with the agent's token, the address set, without time limit.</param>
/// <param name="Elsewhere">To anywhere, without a token.</param>
/// <param name="Addresses">Which orchestrator answers, for who speaks to it by other means.</param>
internal sealed record AgentClients(HttpClient Orchestrator, HttpClient Models, HttpClient Elsewhere, OrchestratorAddresses Addresses);
