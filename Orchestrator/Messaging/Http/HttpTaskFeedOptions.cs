namespace Stack.Messaging.Http;

/// <summary>How the client of the HTTP task feed behaves.</summary>
public sealed record HttpTaskFeedOptions
{
    /// <summary>The orchestrator's address.</summary>
    /// <value>The default is <c>http://localhost:3000</c>.</value>
    public Uri Address { get; init; } = new("http://localhost:3000");

    /// <summary>Several orchestrators' addresses, shared with others who talk to them. Null: there is only <see cref="Address"/>.</summary>
    public OrchestratorAddresses? Addresses { get; init; }

    /// <summary>The token that registration needs. Null: the orchestrator asks for none.</summary>
    public string? JoinToken { get; init; }

    /// <summary>How long a call may take beyond the time that it asked to wait.</summary>
    /// <value>The default is 30 s.</value>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two tries of the same call. Pauses start at 100 ms, double, and are drawn at random between half and all of that.</summary>
    /// <value>The default is 2 s.</value>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(2);
}
