using System.Globalization;

namespace Stack.Messaging.RabbitMq;

/// <summary>Names this orchestrator among the others while the process lives; the results of its tasks come back under this name. Thread-safe.</summary>
/// <param name="random">Where names come from.</param>
internal sealed class RabbitMqInstance(Random random)
{
    private volatile string _id = Name(random);

    /// <summary>Eight hexadecimal digits.</summary>
    public string Id => _id;

    /// <summary>The queue of its results.</summary>
    public string Results => RabbitMqNames.ResultsOf(_id);

    /// <summary>Takes another name, because the queue of the old one does not work. What is still in it moves to the queue of all orchestrators, if it ever works again.</summary>
    public void Rename() => _id = Name(random);

    private static string Name(Random random)
    {
        lock (random)
        {
            return random.NextInt64(0, 1L << 32).ToString("x8", CultureInfo.InvariantCulture);
        }
    }
}
