using System.Collections;

namespace Stack.Checks.Processes;

/// <summary>
/// The environment that child processes get: an allow list of this process's variables, a private HOME, and settings that keep build tools from leaving servers behind.
/// No token, key or connection string is on the list.
/// </summary>
internal sealed class ProcessEnvironment
{
    private static readonly string[] Allowed =
    [
        "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "USER", "LOGNAME", "SHELL",
        "DOTNET_ROOT", "DOTNET_ROLL_FORWARD", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "DOTNET_HOST_PATH",
        "NUGET_PACKAGES", "NUGET_FALLBACK_PACKAGES", "NUGET_CERT_REVOCATION_MODE", "NUGET_HTTP_CACHE_PATH",
        "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH", "npm_config_registry",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
        // The application host's mark: whoever carries it is ended with the run, however the host ends.
        "STACK_RUN_ID",
    ];

    // Proxies are needed where they are set, but may carry a password.
    private static readonly string[] Proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"];

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    /// <summary>Prepares the environment and the private HOME.</summary>
    /// <param name="home">The folder that becomes HOME; made when missing.</param>
    /// <param name="inherited">This process's variables.</param>
    public ProcessEnvironment(string home, IDictionary inherited)
    {
        Home = Path.GetFullPath(home);
        Directory.CreateDirectory(Home);
        foreach (var name in Allowed)
        {
            Take(inherited, name, _ => true);
        }

        foreach (var name in Proxies)
        {
            Take(inherited, name, value => !value.Contains('@', StringComparison.Ordinal));
        }

        var userHome = inherited["HOME"] as string ?? Home;
        _variables["HOME"] = Home;
        _variables["DOTNET_CLI_HOME"] = Home;
        _variables.TryAdd("NUGET_PACKAGES", Path.Combine(userHome, ".nuget", "packages"));
        _variables.TryAdd("PLAYWRIGHT_BROWSERS_PATH", Path.Combine(userHome, ".cache", "ms-playwright"));
        AddToolSettings();
        NuGetSettings.CopyWithoutSecrets(userHome, Home);
    }

    /// <summary>The private HOME.</summary>
    public string Home { get; }

    /// <summary>The variables; without TMPDIR, which each attempt has for itself.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    private void Take(IDictionary inherited, string name, Func<string, bool> accept)
    {
        if (inherited[name] is string { Length: > 0 } value && accept(value))
        {
            _variables[name] = value;
        }
    }

    private void AddToolSettings()
    {
        _variables.TryAdd("LANG", "C.UTF-8");
        _variables["DOTNET_NOLOGO"] = "1";
        _variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        _variables["DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE"] = "1";
        _variables["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
        _variables["DOTNET_ADD_GLOBAL_TOOLS_TO_PATH"] = "false";
        _variables["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        _variables["MSBUILDDISABLENODEREUSE"] = "1";
        _variables["CI"] = "true";
        _variables["NO_COLOR"] = "1";
        _variables["GIT_TERMINAL_PROMPT"] = "0";
    }
}
