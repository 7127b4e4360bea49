namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a command that sends a request may look and behave.</summary>
public class HttpCommandOptions : CommandOptions
{
    /// <summary>Says which endpoint the request goes to.</summary>
    /// <value>Default null: https when the resource has it, or else http.</value>
    public Func<EndpointReference>? EndpointSelector { get; set; }

    /// <summary>The method.</summary>
    /// <value>Default null: POST.</value>
    public HttpMethod? Method { get; set; }

    /// <summary>The name of the client, as <c>IHttpClientFactory</c> knows it.</summary>
    /// <value>Default null: the client without a name.</value>
    public string? HttpClientName { get; set; }

    /// <summary>Changes the request before it is sent.</summary>
    public Func<HttpCommandRequestContext, Task>? PrepareRequest { get; set; }

    /// <summary>Makes the result of the response.</summary>
    /// <value>Default null: any status from 200 to 299 is a success.</value>
    public Func<HttpCommandResultContext, Task<ExecuteCommandResult>>? GetCommandResult { get; set; }
}

/// <summary>A request of a command, before it is sent.</summary>
public sealed class HttpCommandRequestContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The id of the instance the command is done to.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Where it goes.</summary>
    public required EndpointReference Endpoint { get; init; }

    /// <summary>Canceled when whoever asked gave up.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>What sends it.</summary>
    public required HttpClient HttpClient { get; init; }

    /// <summary>The request.</summary>
    public required HttpRequestMessage Request { get; init; }
}

/// <summary>The response to a command's request.</summary>
public sealed class HttpCommandResultContext
{
    /// <summary>The application's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The id of the instance the command is done to.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Where it went.</summary>
    public required EndpointReference Endpoint { get; init; }

    /// <summary>Canceled when whoever asked gave up.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>What sent it.</summary>
    public required HttpClient HttpClient { get; init; }

    /// <summary>The response.</summary>
    public required HttpResponseMessage Response { get; init; }
}
