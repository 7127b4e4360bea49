using System.Text;
using Microsoft.AspNetCore.Authorization;
using Stack.Contracts;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Hosting;

namespace Stack.Orchestrator.Api.Access;

/// <summary>
/// Finds out who calls and whether they may. With API keys everyone needs one; without, requests from this machine under one of its loopback names are the owner's.
/// </summary>
internal sealed class AccessCheck(RequestDelegate next, ApiKeys keys, AgentTokens agents)
{
    private static readonly Caller Owner = new("local", Scope.Everything);
    private static readonly Caller OwnerAndAgent = new("local", Scope.Everything | Scope.Agent | Scope.Join);

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint is null || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(context);
            return;
        }

        var caller = Identify(context);
        context.Features.Set(caller);
        var required = endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope
            ?? (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? Scope.Read : Scope.Write);
        if (caller.May(required))
        {
            await next(context);
            return;
        }

        await Refusal(context, required).ExecuteAsync(context);
    }

    /// <summary>The answer to a caller that has none of the scopes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="required">The scopes.</param>
    public static Problem Refusal(HttpContext context, Scope required)
    {
        var caller = Caller.Of(context);
        if (caller.Refusal?.Status == StatusCodes.Status403Forbidden)
        {
            return caller.Refusal;
        }

        var basic = context.GetEndpoint()?.Metadata.GetMetadata<BasicChallenge>() is not null;
        if ((required & Scope.Everything) == 0 && caller.AgentId is null)
        {
            Challenge(context, basic);
            return Problem.Of(ProblemTypes.Unauthorized, required.HasFlag(Scope.Join)
                ? $"This orchestrator has a join token, and the request does not show it. Send 'Authorization: Bearer TOKEN' with the value of {AgentTokens.Setting}."
                : "This is for agents, and the token is missing or wrong. Register with POST /api/v1/agents and send the token of the answer as 'Authorization: Bearer TOKEN'; "
                + $"after a change of {AgentTokens.Setting} register again.");
        }

        if (caller.Refusal is { } refusal)
        {
            Challenge(context, basic);
            return refusal;
        }

        return Problem.Of(ProblemTypes.Forbidden, $"'{caller.Name}' has the scope {Word(caller.Scope)}; this needs {Word(required)}. Use a key whose {ApiKeys.Section}:NAME:Scope allows it.");
    }

    private static void Challenge(HttpContext context, bool basic) =>
        context.Response.Headers.WWWAuthenticate = basic ? "Basic realm=\"stack\", charset=\"UTF-8\"" : "Bearer";

    private Caller Identify(HttpContext context)
    {
        var token = Token(context.Request);
        if (token is not null)
        {
            if (agents.Read(token) is { } agentId)
            {
                return new Caller(agentId.Value, Scope.Agent | Scope.Read, agentId);
            }

            if (agents.IsJoin(token))
            {
                return new Caller("join", Scope.Join);
            }

            if (keys.Find(token) is { } known)
            {
                return agents.Required || !known.May(Scope.Write) ? known : known with { Scope = known.Scope | Scope.Agent | Scope.Join };
            }
        }

        return keys.Any
            ? Caller.Nobody(ProblemTypes.Unauthorized, token is null
                ? $"The API key is missing. Send 'Authorization: Bearer KEY' with a key of {ApiKeys.Section}."
                : $"The API key is not known. Send 'Authorization: Bearer KEY' with a key of {ApiKeys.Section}.")
            : Local(context);
    }

    private Caller Local(HttpContext context)
    {
        var request = context.Request;
        if (context.Connection.RemoteIpAddress is { } address && !ListenAddresses.IsLoopback(address))
        {
            return Caller.Nobody(ProblemTypes.Forbidden, $"Without API keys only this machine is answered. Configure {ApiKeys.Section}.");
        }

        // A page elsewhere can make a browser on this machine call us: under a name of its own that leads here, or from its own origin.
        if (!ListenAddresses.IsLoopbackHost(request.Host.Host))
        {
            return Caller.Nobody(ProblemTypes.Forbidden, $"The Host header is '{Shorten(request.Host.Value)}'; without API keys only loopback names are answered. Use {ListenAddresses.Default}, or configure {ApiKeys.Section}.");
        }

        if (request.Headers.Origin is [{ Length: > 0 } origin, ..] && !IsLoopbackOrigin(origin))
        {
            return Caller.Nobody(ProblemTypes.Forbidden, $"The Origin is '{Shorten(origin)}'; without API keys only pages from this machine may call. Configure {ApiKeys.Section}.");
        }

        if (request.Headers.ContainsKey("X-Forwarded-For") || request.Headers.ContainsKey("Forwarded"))
        {
            return Caller.Nobody(ProblemTypes.Forbidden, $"The request came through a proxy; without API keys only direct requests from this machine are answered. Configure {ApiKeys.Section}.");
        }

        return agents.Required ? Owner : OwnerAndAgent;
    }

    /// <summary>Whether a page of this origin was served by this machine.</summary>
    /// <param name="origin">The origin.</param>
    public static bool IsLoopbackOrigin(string origin) => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && ListenAddresses.IsLoopbackHost(uri.Host);

    private static string? Token(HttpRequest request)
    {
        if (request.Headers.Authorization is not [{ } header, ..])
        {
            return null;
        }

        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return header[7..].Trim();
        }

        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // Git can only send a user name and a password; the password is the token.
        var buffer = new byte[header.Length];
        return Convert.TryFromBase64String(header[6..].Trim(), buffer, out var length) && Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2) is [_, var password] ? password : null;
    }

    private static string Shorten(string? text) => text is { Length: > 100 } ? text[..100] + "…" : text ?? "";

    private static string Word(Scope scope) =>
        new[] { Scope.Admin, Scope.Write, Scope.Read, Scope.Agent, Scope.Join }.FirstOrDefault(part => scope.HasFlag(part)).ToString().ToLowerInvariant();
}
