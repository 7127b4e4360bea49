namespace Stack.Contracts;

/// <summary>
/// Tells orchestrators that events were committed, wherever that was. It carries no events: readers take them from the store. Announcements may be merged, lost or come twice; each orchestrator
/// also looks into the store now and then. Thread-safe; no call waits.
/// </summary>
public interface IEventBus
{
    /// <summary>Says that events up to an id are in the store.</summary>
    /// <param name="lastEventId">The id.</param>
    void Announce(long lastEventId);

    /// <summary>Listens, from now until it is disposed. Called on any thread, one call at a time; must return at once.</summary>
    /// <param name="heard">Gets the id of an announcement, the own ones included.</param>
    IDisposable Subscribe(Action<long> heard);
}
