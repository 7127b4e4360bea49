namespace Stack.Agents.Runtime;

/// <summary>The settings that every process of the system reads alike.</summary>
/// <param name="Orchestrator">The orchestrator's address: <c>Stack:OrchestratorUrl</c>, else what service discovery says, else <c>http://localhost:3000</c>.</param>
/// <param name="AgentToken">The token that registration needs: <c>Stack:AgentToken</c>. Null: none.</param>
/// <param name="DataDirectory">Where data is kept: <c>Stack:DataDirectory</c>, else <c>.stack</c> in the current folder.</param>
internal sealed record StackSettings(Uri Orchestrator, string? AgentToken, string DataDirectory)
{
    /// <summary>Reads the settings.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="InvalidOperationException">The address is not one.</exception>
    public static StackSettings From(IConfiguration configuration)
    {
        var address = configuration["Stack:OrchestratorUrl"] ?? configuration["services:orchestrator:http:0"] ?? configuration["services:orchestrator:https:0"] ?? "http://localhost:3000";
        return Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new StackSettings(uri, configuration["Stack:AgentToken"] is { Length: > 0 } token ? token : null, configuration["Stack:DataDirectory"] ?? ".stack")
            : throw new InvalidOperationException($"Stack:OrchestratorUrl is '{address}'; it must be an address such as http://localhost:3000.");
    }

    // A record prints its properties, and this one has a secret.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"Orchestrator = {Orchestrator}, DataDirectory = {DataDirectory}");
        return true;
    }
}
