using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Priorities on their way between vocabularies. Ours rises (<see cref="Priority.Critical"/> is the highest value). The numbered protocol that clients may speak falls: 1 is critical and
/// 5 is background. AMQP rises again, so that passing the number on, as has been done, gives background work the right of way. Each direction is therefore written out.
/// </summary>
/// <remarks>
/// AMQP's number matters only to servers from 4.0, whose quorum queues have two priorities (over 4 is high); before that, order within a queue is the order of publishing.
/// Either way the order that counts is made in the store: see the README of this folder.
/// </remarks>
public static class PriorityMapping
{
    /// <summary>The number for AMQP's <c>priority</c> property. Higher goes first; over 4 is high for quorum queues.</summary>
    /// <param name="priority">The priority.</param>
    public static byte ToAmqp(Priority priority) => priority switch
    {
        Priority.Critical => 9,
        Priority.High => 6,
        Priority.Medium => 4,
        _ => 1,
    };

    /// <summary>The priority for a rank from 1 (critical) to 5 (background).</summary>
    /// <param name="rank">The rank.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is not 1 to 5.</exception>
    public static Priority FromRank(int rank) => rank switch
    {
        1 => Priority.Critical,
        2 => Priority.High,
        3 => Priority.Medium,
        4 or 5 => Priority.Low,
        _ => throw new ArgumentOutOfRangeException(nameof(rank), rank, "A priority's rank is 1 (critical) to 5 (background)."),
    };

    /// <summary>The rank from 1 (critical) to 4 (low) for a priority.</summary>
    /// <param name="priority">The priority.</param>
    public static int ToRank(Priority priority) => priority switch
    {
        Priority.Critical => 1,
        Priority.High => 2,
        Priority.Medium => 3,
        _ => 4,
    };
}
