using System.Net.Sockets;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Stack.Messaging.RabbitMq;

/// <summary>The broker cannot be used now. What was to be published is still with the caller.</summary>
/// <param name="message">What happened, and the remedy.</param>
/// <param name="innerException">What the client library said.</param>
internal sealed class BrokerUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the connection stands and the server, or one of its queues, says nothing.</summary>
    public bool IsSilence { get; init; }
}

/// <summary>Tells failures of the connection from defects.</summary>
internal static class BrokerFailures
{
    /// <summary>Whether it may go well with the next connection. A queue in memory that was closed because of a failure is told by that failure.</summary>
    /// <param name="exception">What was thrown.</param>
    public static bool IsTransient(Exception exception) =>
        exception is BrokerUnavailableException or RabbitMQClientException or IOException or SocketException or TimeoutException or ObjectDisposedException
        || exception is ChannelClosedException { InnerException: { } why } && IsTransient(why);

    /// <summary>Whether it may go well with the next connection. The client library says by a cancellation, too, that the server did not answer in time; ours is told apart by its token.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="ours">What we would cancel it with.</param>
    public static bool IsTransient(Exception exception, CancellationToken ours) => IsTransient(exception) || (exception is OperationCanceledException && !ours.IsCancellationRequested);

    /// <summary>Whether the queue or the exchange is not there: somebody deleted it, or it was not made yet.</summary>
    /// <param name="exception">What was thrown.</param>
    public static bool IsMissing(Exception exception) => exception is OperationInterruptedException { ShutdownReason.ReplyCode: Constants.NotFound };

    /// <summary>The cause in one sentence.</summary>
    /// <param name="exception">What was thrown.</param>
    public static string CauseOf(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception is OperationCanceledException
            ? "The server did not answer in time."
            : exception is OperationInterruptedException { ShutdownReason.ReplyText: { Length: > 0 } text } ? text : exception.Message;
    }
}
