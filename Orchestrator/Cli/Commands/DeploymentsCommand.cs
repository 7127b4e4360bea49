using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack deployments</c>: the programs that workflows put into service.</summary>
internal static class DeploymentsCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public static Command Create(CommandScope scope) => new DocumentedCommand("deployments", "List, stop and start the programs that workflows put into service", [])
    {
        CreateList(scope),
        CreateControl(scope, "stop", "Stop a program; it can be started again", DesiredState.Stopped),
        CreateControl(scope, "start", "Start a program that was stopped", DesiredState.Running),
    };

    private static Command CreateList(CommandScope scope) => scope.Define(
        "list",
        "List what runs, and where it answers",
        [],
        ["stack deployments list", "stack deployments list --json | jq -r '.deployments[].url'"],
        async (session, _, cancellationToken) =>
        {
            var list = await session.Api.ListDeploymentsAsync(cancellationToken);
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

    private static void Write(Session session, DeploymentList list)
    {
        var table = new ResultTable("NAME", "STATUS", "URL", "RELEASE", "WORKFLOW", "UPDATED", "MESSAGE");
        foreach (var deployment in list.Deployments)
        {
            table.Add(
                deployment.Name,
                new Cell(Words.Of(deployment.Status), Styles.Of(deployment.Status)),
                deployment.Url ?? "",
                deployment.Release[..Math.Min(12, deployment.Release.Length)],
                session.Output.IsStyled ? Words.Short(deployment.WorkflowId) : deployment.WorkflowId.ToString(),
                Words.Ago(deployment.UpdatedAt, session.Time),
                Words.FirstLine(deployment.Message ?? "", 200));
        }

        table.Write(session.Output);
    }

    private static Command CreateControl(CommandScope scope, string action, string description, DesiredState desired)
    {
        var name = new Argument<string>("name") { Description = "The deployment's name, as 'stack deployments list' shows it" };
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait until it is so" };
        return scope.Define(
            action,
            description,
            [name, noWait],
            [$"stack deployments {action} calculator"],
            async (session, parsed, cancellationToken) =>
            {
                var deployment = await session.Api.ControlDeploymentAsync(parsed.GetRequiredValue(name), action, cancellationToken);
                var isDone = parsed.GetValue(noWait) || await HasReachedAsync(session, deployment.Name, desired, cancellationToken);
                deployment = await session.Api.GetDeploymentAsync(deployment.Name, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(deployment);
                }
                else
                {
                    session.Output.Line($"{Styles.Plain(deployment.Name)} is {Styles.Apply(Styles.Of(deployment.Status), Words.Of(deployment.Status))}{Styles.Plain(deployment.Url is null ? "" : $" at {deployment.Url}")}");
                }

                if (!isDone)
                {
                    session.Output.Note($"It is not {Words.Of(desired)} after {Words.Of(Patience)}{(deployment.Message is null ? "" : $": {deployment.Message}")}. Its agent acts on it; see whether it is there: stack agents");
                }

                return isDone ? ExitCode.Completed : ExitCode.Failed;
            });
    }

    private static async Task<bool> HasReachedAsync(Session session, string name, DesiredState desired, CancellationToken cancellationToken)
    {
        var began = session.Time.GetTimestamp();
        while (session.Time.GetElapsedTime(began) < Patience)
        {
            var deployment = await session.Api.GetDeploymentAsync(name, cancellationToken);
            switch (deployment.Status)
            {
                case DeploymentStatus.Stopped when desired == DesiredState.Stopped:
                case DeploymentStatus.Running when desired == DesiredState.Running:
                    return true;
                case DeploymentStatus.Failed:
                    return desired == DesiredState.Stopped;
            }

            await Task.Delay(Interval, session.Time, cancellationToken);
        }

        return false;
    }
}
