using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>How tasks and results travel through RabbitMQ. Section <c>RabbitMq</c>; the address is <c>ConnectionStrings:rabbitmq</c>. Both sides must have the same limits.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "RabbitMq";

    /// <summary>The server, as <c>amqp://user:password@host:port/vhost</c>.</summary>
    public string Address { get; set; } = "";

    /// <summary>How often a task is delivered again after the agent that had it was cut off; then it is found out whether it is poison.</summary>
    /// <value>The default is 5.</value>
    public int DeliveryLimit { get; set; } = 5;

    /// <summary>How long a task may wait for an agent at the broker before it is looked for, and published again if it is not there.</summary>
    /// <value>The default is 2 minutes.</value>
    public TimeSpan DispatchDeadline { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a result waits for the orchestrator that gave out its task before any other takes it.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan ResultPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many dead letters are kept; older ones go first.</summary>
    /// <value>The default is 10,000.</value>
    public int DeadLetterCapacity { get; set; } = 10_000;

    /// <summary>The longest pause between two tries to connect. Pauses start at 100 ms and double.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long an attempt has become long: its task is acknowledged then, since the lease guards it, and the server gives up on deliveries that stay open (after 30 minutes by default).</summary>
    /// <value>The default is 1 minute.</value>
    public TimeSpan LongAttempt { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an attempt runs before its agent says that it has started it. Shorter ones cost one message in and one out.</summary>
    /// <value>The default is 250 milliseconds.</value>
    public TimeSpan StartNoticeDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Everything that is wrong with the options, one sentence each; empty when they are good.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Require(IsAddress(Address), "ConnectionStrings:rabbitmq is not an address; write amqp://user:password@host:5672/vhost (amqps with TLS; %2F for a slash, and so on for other special characters, within each part).");
        Require(DeliveryLimit is >= 1 and <= 1000, $"RabbitMq:DeliveryLimit is {DeliveryLimit}; write 1 to 1,000.");
        Require(DispatchDeadline >= TimeSpan.FromSeconds(1), $"RabbitMq:DispatchDeadline is {DispatchDeadline}; write one second or more.");
        Require(ResultPatience >= TimeSpan.FromSeconds(1), $"RabbitMq:ResultPatience is {ResultPatience}; write one second or more.");
        Require(DeadLetterCapacity is >= 1 and <= 1_000_000, $"RabbitMq:DeadLetterCapacity is {DeadLetterCapacity}; write 1 to 1,000,000.");
        Require(LongestPause >= TimeSpan.FromMilliseconds(100), $"RabbitMq:LongestPause is {LongestPause}; write 100 milliseconds or more.");
        Require(LongAttempt >= TimeSpan.FromSeconds(1), $"RabbitMq:LongAttempt is {LongAttempt}; write one second or more, and less than the server's consumer_timeout.");
        Require(StartNoticeDelay >= TimeSpan.Zero, $"RabbitMq:StartNoticeDelay is {StartNoticeDelay}; write zero or more.");
        return problems;

        void Require(bool good, string problem)
        {
            if (!good)
            {
                problems.Add(problem);
            }
        }
    }

    // What the client library makes of it decides; the text may hold a password, and is never repeated.
    private static bool IsAddress(string text)
    {
        try
        {
            return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && new ConnectionFactory { Uri = uri }.HostName.Length > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
