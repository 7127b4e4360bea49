using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack agents</c>: who works.</summary>
internal static class AgentsCommand
{
    public static Command Create(CommandScope scope) => scope.Define(
        "agents",
        "List the agents: type, state, load, last sign of life",
        [],
        ["stack agents", "stack agents --json | jq '.agents[] | select(.status != \"online\")'"],
        async (session, _, cancellationToken) =>
        {
            var list = await session.Api.ListAgentsAsync(cancellationToken);
            if (session.Output.IsJson)
            {
                session.Output.Document(list);
            }
            else
            {
                Write(session, list);
            }

            return ExitCode.Completed;
        });

    private static void Write(Session session, AgentList list)
    {
        var table = new ResultTable("ID", "TYPE", "STATUS", "HEALTH", "BUSY", "DONE", "ERRORS", "LAST SEEN", "VERSION", "HOST");
        foreach (var agent in list.Agents)
        {
            table.Add(
                agent.AgentId.ToString(),
                agent.AgentType,
                new Cell(Words.Of(agent.Status), Styles.Of(agent.Status)),
                Words.Of(agent.Health),
                $"{agent.Running.Count}/{agent.MaxConcurrency}",
                $"{agent.TasksProcessed}",
                $"{agent.Errors}",
                Words.Ago(agent.LastHeartbeat, session.Time),
                agent.Version,
                agent.Pid is null ? agent.Host ?? "" : $"{agent.Host} (pid {agent.Pid})");
        }

        table.Write(session.Output);
    }
}
