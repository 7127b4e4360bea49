namespace Stack.Messaging.RabbitMq;

/// <summary>How many tasks an agent has at hand, those under way included.</summary>
internal static class Prefetch
{
    private const int Many = 16;

    /// <summary>
    /// As many as it makes at once. Agents with many slots make short attempts, and would wait for the broker between them: they get half as many again. For the others the next task is
    /// better off in the store, where it can be overtaken, or at an agent that is free.
    /// </summary>
    /// <param name="slots">How many attempts it makes at once.</param>
    public static int For(int slots) => slots >= Many ? slots + (slots / 2) : Math.Max(slots, 1);
}
