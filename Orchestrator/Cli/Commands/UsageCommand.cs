using System.CommandLine;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack usage</c>: what calls of models cost, and what they may.</summary>
internal static class UsageCommand
{
    public static Command Create(CommandScope scope)
    {
        var workflow = new Option<string?>("--workflow") { Description = "Only this workflow and its stages: an id, its beginning, or 'last'", HelpName = "ID" };
        var prefix = new Option<string?>("--prefix") { Description = "Only budgets whose key begins so", HelpName = "TEXT" };
        return scope.Define(
            "usage",
            "Show what calls of models cost, and what they may",
            [workflow, prefix],
            ["stack usage", "stack usage --prefix day/", "stack usage --workflow last", "stack usage --json | jq '.budgets[] | select(.spent.money > 1)'"],
            async (session, parsed, cancellationToken) =>
            {
                var id = parsed.GetValue(workflow) is { } reference ? $"{await WorkflowLookup.FindAsync(session, reference, cancellationToken)}" : null;
                var list = await session.Api.ListUsageAsync(id, parsed.GetValue(prefix), cancellationToken);
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
    }

    private static void Write(Session session, UsageList list)
    {
        var table = new ResultTable("BUDGET", "SPENT", "TOKENS", "CALLS", "REPLAYED", "RESERVED", "LIMITS");
        foreach (var budget in list.Budgets)
        {
            table.Add(budget.Key, Dollars(budget.Spent.Money), $"{budget.Spent.Tokens}", $"{budget.Spent.Calls}", $"{budget.Replayed}", Dollars(budget.Reserved.Money), Limits(budget.Limits));
        }

        table.Write(session.Output);
    }

    private static string Limits(LimitRequest? limits) => limits is null
        ? "none"
        : string.Join(", ", ((string?[])[
            limits.Money is { } money ? Dollars(money) : null,
            limits.Tokens is { } tokens ? $"{tokens} tokens" : null,
            limits.Calls is { } calls ? $"{calls} calls" : null,
            limits.WallClock is { } clock ? DurationText.Format(clock) : null,
        ]).Where(text => text is not null));

    private static string Dollars(decimal money) => string.Create(CultureInfo.InvariantCulture, $"${money:0.00####}");
}
