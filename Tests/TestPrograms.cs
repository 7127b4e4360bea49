using Stack.Tests.AppHost.Offline;
using Stack.Tests.EndToEnd;
using Stack.Tests.Orchestrator.Stores.Sqlite;

namespace Stack.Tests;

/// <summary>
/// The programs that tests start as processes of their own: <c>dotnet Tests.dll NAME ARGUMENTS</c>. The test runner loads the assembly without calling this.
/// </summary>
internal static class TestPrograms
{
    public static int Main(string[] arguments) => arguments switch
    {
        ["apphost", .. var rest] => HostProgram.Run(rest),
        [WebProgram.Name, .. var prefixes] => WebProgram.Run(prefixes),
        [SqliteCrashWriter.Name, var directory] => SqliteCrashWriter.Run(directory, Console.Out),
        [ScriptedOllama.Name, var port, var script] => ScriptedOllama.Run(port, script),
        _ => 64,
    };
}
