namespace Stack.Agents.Runtime;

/// <summary>The settings that every process of the system reads alike.</summary>
/// <param name="Orchestrators">The orchestrators' addresses: <c>Stack:OrchestratorUrl</c> (several are separated by semicolons), else what service discovery says, else <c>http://localhost:3000</c>.</param>
/// <param name="AgentToken">The token that registration needs: <c>Stack:AgentToken</c>. Null: none.</param>
/// <param name="DataDirectory">Where data is kept: <c>Stack:DataDirectory</c>, else <c>.stack</c> in the current folder.</param>
internal sealed record StackSettings(IReadOnlyList<Uri> Orchestrators, string? AgentToken, string DataDirectory)
{
    /// <summary>The first of the addresses.</summary>
    public Uri Orchestrator => Orchestrators[0];

    /// <summary>Reads the settings.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="InvalidOperationException">An address is not one.</exception>
    public static StackSettings From(IConfiguration configuration)
    {
        var given = (configuration["Stack:OrchestratorUrl"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] addresses = given.Length > 0 ? given : [.. Discovered(configuration, "http")];
        addresses = addresses.Length > 0 ? addresses : [.. Discovered(configuration, "https")];
        addresses = addresses.Length > 0 ? addresses : ["http://localhost:3000"];
        return new StackSettings(
            [.. addresses.Select(Parse).Distinct()], configuration["Stack:AgentToken"] is { Length: > 0 } token ? token : null, configuration["Stack:DataDirectory"] ?? ".stack");
    }

    private static IEnumerable<string> Discovered(IConfiguration configuration, string scheme) =>
        configuration.GetSection($"services:orchestrator:{scheme}").GetChildren().Select(child => child.Value).OfType<string>().Where(address => address.Length > 0);

    private static Uri Parse(string address) =>
        Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new InvalidOperationException($"Stack:OrchestratorUrl is '{address}'; it must be an address such as http://localhost:3000.");

    // A record prints its properties, and this one has a secret.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"Orchestrators = {string.Join(", ", Orchestrators)}, DataDirectory = {DataDirectory}");
        return true;
    }
}
