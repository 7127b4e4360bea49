using Stack.Tests.Orchestrator.Stores.Sqlite;

namespace Stack.Tests;

/// <summary>
/// Programs that tests start as processes of their own, to kill them: <c>dotnet exec Tests.dll NAME [arguments]</c>. Without a name it does nothing: the test runner loads
/// this assembly by itself.
/// </summary>
internal static class ChildPrograms
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case [SqliteCrashWriter.Name, var directory]:
                await SqliteCrashWriter.RunAsync(directory, Console.Out);
                return 0;
            default:
                return 0;
        }
    }
}
