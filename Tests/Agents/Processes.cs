namespace Stack.Tests.Agents;

/// <summary>Looks at processes of this machine.</summary>
internal static class Processes
{
    /// <summary>Whether a process is there and is no zombie.</summary>
    internal static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
