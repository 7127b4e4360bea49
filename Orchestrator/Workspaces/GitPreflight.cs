using System.Globalization;
using System.Text.RegularExpressions;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Whether there is a git that is new enough to merge without a work tree.</summary>
internal sealed partial class GitPreflight(GitCommand git) : IPreflightCheck
{
    private static readonly Version Least = new(2, 38);

    public string Name => "git";

    public string Remedy => $"Install git {Least} or newer where the orchestrator runs and put it on the PATH.";

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var text = (await git.RunAsync(null, ["--version"], cancellationToken)).OrThrow("say its version").Text;
        if (VersionNumber().Match(text) is not { Success: true } match
            || new Version(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)) < Least)
        {
            throw new InvalidOperationException($"'{text}' is older than {Least}.");
        }
    }

    [GeneratedRegex(@"(\d{1,4})\.(\d{1,4})")]
    private static partial Regex VersionNumber();
}
