using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// The dead letters on the broker. To look at a queue is to take its messages and put them back, which closing the channel does for all of them at once and in their old order;
/// one look at a time, since two would see each other's gaps.
/// </summary>
internal sealed class RabbitMqDeadLetters(RabbitMqLink link, ConfirmedPublisher publisher, RabbitMqOptions options) : IDeadLetters
{
    private const int ShownCharacters = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly AsyncGate _looking = new();

    public async Task<IReadOnlyList<DeadLetterResource>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        var found = new List<DeadLetterResource>();
        await LookAsync(
            (letter, _) =>
            {
                found.Add(Show(letter));
                return Task.FromResult(found.Count >= limit);
            },
            cancellationToken);
        return found;
    }

    public async Task<DeadLetterResource?> FindAsync(string id, CancellationToken cancellationToken)
    {
        DeadLetterResource? found = null;
        await LookAsync(
            (letter, _) =>
            {
                found = IdOf(letter) == id ? Show(letter) : null;
                return Task.FromResult(found is not null);
            },
            cancellationToken);
        return found;
    }

    public Task<bool> ReplayAsync(string id, CancellationToken cancellationToken) => TakeAsync(id, PublishAgainAsync, cancellationToken);

    public Task<bool> DiscardAsync(string id, CancellationToken cancellationToken) => TakeAsync(id, (_, _) => Task.CompletedTask, cancellationToken);

    private async Task<bool> TakeAsync(string id, Func<BasicGetResult, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        var taken = false;
        await LookAsync(
            async (letter, channel) =>
            {
                if (IdOf(letter) != id)
                {
                    return false;
                }

                await handle(letter, cancellationToken);
                await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken);
                return taken = true;
            },
            cancellationToken);
        return taken;
    }

    private async Task PublishAgainAsync(BasicGetResult letter, CancellationToken cancellationToken)
    {
        var properties = new BasicProperties(letter.BasicProperties) { DeliveryMode = DeliveryModes.Persistent, Headers = new Dictionary<string, object?>(letter.BasicProperties.Headers ?? new Dictionary<string, object?>()) };
        foreach (var name in properties.Headers.Keys.Where(name => name.StartsWith("x-", StringComparison.Ordinal)).ToList())
        {
            properties.Headers.Remove(name);
        }

        properties.Headers[RabbitMqNames.AgainHeader] = true;
        properties.Type ??= "unknown";
        var queue = DeathReason.QueueOf(letter.BasicProperties) ?? letter.RoutingKey;
        await publisher.PublishAsync([new OutgoingMessage("", queue, properties, letter.Body, null)], cancellationToken);
    }

    // Looks at one letter after the other until the visitor has seen enough.
    private async Task LookAsync(Func<BasicGetResult, IChannel, Task<bool>> visit, CancellationToken cancellationToken)
    {
        using var stay = await _looking.EnterAsync(cancellationToken);
        try
        {
            await LookAsync(await link.ConnectedWithinAsync(Patience, cancellationToken), visit, cancellationToken);
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken))
        {
            throw new DeadLettersUnavailableException($"The dead letters cannot be read now. {BrokerFailures.CauseOf(exception)}", exception);
        }
    }

    private async Task LookAsync(IConnection connection, Func<BasicGetResult, IChannel, Task<bool>> visit, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            for (var seen = 0; seen < options.DeadLetterCapacity; seen++)
            {
                if (await channel.BasicGetAsync(RabbitMqNames.DeadLetters, autoAck: false, cancellationToken) is not { } letter || await visit(letter, channel))
                {
                    break;
                }
            }
        }
        catch (Exception gone) when (BrokerFailures.IsMissing(gone))
        {
            // Somebody deleted the queue, and the letters with it; the next ones need another.
            await link.DeclareSharedAsync(connection, cancellationToken);
        }
    }

    private static DeadLetterResource Show(BasicGetResult letter)
    {
        var text = Encoding.UTF8.GetString(letter.Body.Span);
        return new DeadLetterResource
        {
            Id = IdOf(letter),
            Kind = letter.BasicProperties.Type,
            TaskId = TaskId.TryParse(letter.BasicProperties.MessageId, CultureInfo.InvariantCulture, out var task) ? task : null,
            Queue = DeathReason.QueueOf(letter.BasicProperties),
            Reason = DeathReason.Of(letter.BasicProperties),
            DiedAt = DeathReason.TimeOf(letter.BasicProperties),
            SizeBytes = letter.Body.Length,
            Body = text.Length <= ShownCharacters ? text : text[..ShownCharacters],
        };
    }

    // Made of what the letter is, since the broker gives it no name of its own.
    private static string IdOf(BasicGetResult letter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{letter.BasicProperties.MessageId}\n{DeathReason.QueueOf(letter.BasicProperties)}\n{DeathReason.TimeOf(letter.BasicProperties)?.ToUnixTimeSeconds()}\n"));
        hash.AppendData(letter.Body.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
