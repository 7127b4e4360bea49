namespace Stack.Orchestrator.Api.Access;

/// <summary>What a caller may do. A route names the scopes of which one suffices.</summary>
[Flags]
internal enum Scope
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>See everything.</summary>
    Read = 1,

    /// <summary>Submit, cancel, decide.</summary>
    Write = 2,

    /// <summary>Change what everybody runs, remove what everybody made.</summary>
    Admin = 4,

    /// <summary>Take tasks, push, report.</summary>
    Agent = 8,

    /// <summary>Register agents.</summary>
    Join = 16,

    /// <summary>What a person at the machine has.</summary>
    Everything = Read | Write | Admin,
}

/// <summary>The scopes of which a caller needs one.</summary>
/// <param name="Scope">The scopes.</param>
internal sealed record RequiredScope(Scope Scope);

/// <summary>A refusal asks for a user name and a password, which is what git can give.</summary>
internal sealed record BasicChallenge;

/// <summary>Names the access that routes need.</summary>
internal static class ScopeConventions
{
    public static TBuilder Require<TBuilder>(this TBuilder builder, Scope scope)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredScope(scope));

    public static TBuilder ChallengeBasic<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new BasicChallenge());
}
