using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Stack.Tests.AppHost.Offline;

/// <summary>An application host in a process of its own, for tests that kill it: <c>dotnet Tests.dll apphost SCENARIO OPTIONS</c>.</summary>
internal static class HostProgram
{
    /// <summary>A service with a child in its group and a grandchild in a session of its own, and one that does not listen to SIGTERM.</summary>
    internal const string Family = "family";

    /// <summary>A service that ends quickly when it is asked to.</summary>
    internal const string Polite = "polite";

    /// <summary>A container, a service, and a container that waits for both.</summary>
    internal const string Boxes = "boxes";

    /// <summary>A publication that lasts until it is told to end, and then undoes what it began until there is a file <c>undone</c> in its data directory.</summary>
    internal const string Publication = "publication";

    internal static int Run(string[] arguments)
    {
        var builder = DistributedApplication.CreateBuilder(arguments[1..]);
        switch (arguments[0])
        {
            case Family:
                builder.AddExecutable("parent", "sh", ".", "-c", "sleep 3000 & setsid sleep 3001 & wait");
                builder.AddExecutable("stubborn", "sh", ".", "-c", "trap '' TERM; while true; do sleep 1; done");
                break;
            case Polite:
                var first = builder.AddExecutable("first", "sh", ".", "-c", "trap 'echo first ends; exit 0' TERM; echo first starts; while true; do sleep 0.1; done");
                builder.AddExecutable("second", "sh", ".", "-c", "trap 'echo second ends; exit 0' TERM; echo second starts; while true; do sleep 0.1; done").WaitFor(first);
                break;
            case Boxes:
                const string untilAsked = "trap 'exit 0' TERM; sleep 3000 & wait";
                var one = builder.AddContainer("one", "localhost/stack-test/debian").WithEntrypoint("bash").WithArgs("-c", untilAsked);
                builder.AddContainer("two", "localhost/stack-test/debian").WithEntrypoint("bash").WithArgs("-c", untilAsked).WaitFor(one);
                builder.AddExecutable("service", "sleep", ".", "3000");
                break;
            case Publication:
                var undone = Path.Combine(builder.Configuration["data"]!, "undone");
                builder.AddExecutable("service", "sleep", ".", "3000").WithEnvironment(context => LastAsync(undone, context.CancellationToken));
                break;
            default:
                return 64;
        }
        builder.Build().Run();
        return Environment.ExitCode;
    }

    private static async Task LastAsync(string undone, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync("begun");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            while (!File.Exists(undone))
            {
                await Task.Delay(20, CancellationToken.None);
            }
            await Console.Out.WriteLineAsync("undone");
        }
    }
}
