using System.Net.Sockets;

namespace Stack.Cli;

/// <summary>There is no orchestrator at the address, or it went away. The message names the address and the reason.</summary>
internal sealed class ServerUnreachableException : Exception
{
    public ServerUnreachableException(Uri server, string reason, Exception? cause)
        : base($"The orchestrator does not answer at {server.AbsoluteUri.TrimEnd('/')}: {reason}.", cause) => Server = server;

    public Uri Server { get; }

    /// <summary>What a transport failure means, in words.</summary>
    public static string ReasonOf(HttpRequestException failure) => (failure.HttpRequestError, failure.InnerException) switch
    {
        (_, SocketException { SocketErrorCode: SocketError.ConnectionRefused }) => "connection refused",
        (HttpRequestError.NameResolutionError, _) => "no machine has this name",
        (HttpRequestError.SecureConnectionError, _) => "no secure connection could be made",
        (HttpRequestError.ResponseEnded, _) => "the connection ended before the answer",
        (HttpRequestError.InvalidResponse, _) => "something that does not speak HTTP listens there",
        _ => failure.Message.TrimEnd('.'),
    };
}
