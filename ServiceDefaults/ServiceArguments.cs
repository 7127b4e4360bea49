namespace Stack.ServiceDefaults;

/// <summary>What every service is started with before its own arguments.</summary>
public static class ServiceArguments
{
    /// <summary>
    /// Settings are read once, at the start. To notice changes the host would watch all that is below its folder, and be woken by every write of the database when that lies there.
    /// </summary>
    /// <param name="args">The program's own arguments; they win.</param>
    public static string[] With(string[] args) => ["--hostBuilder:reloadConfigOnChange=false", .. args];
}
