namespace Aspire.Hosting.Eventing;

/// <summary>How subscribers of one event are called.</summary>
public enum EventDispatchBehavior
{
    /// <summary>One after the other; the publisher waits.</summary>
    BlockingSequential = 0,

    /// <summary>All at once; the publisher waits for all.</summary>
    BlockingConcurrent = 1,

    /// <summary>One after the other; the publisher goes on.</summary>
    NonBlockingSequential = 2,

    /// <summary>All at once; the publisher goes on.</summary>
    NonBlockingConcurrent = 3,
}
