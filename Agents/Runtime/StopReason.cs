namespace Stack.Agents.Runtime;

/// <summary>Why an attempt was told to stop.</summary>
internal enum StopReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The orchestrator no longer wants it: its result does not count.</summary>
    Canceled,

    /// <summary>Its deadline passed.</summary>
    Deadline,

    /// <summary>This process ends and hands it back.</summary>
    Shutdown,
}
