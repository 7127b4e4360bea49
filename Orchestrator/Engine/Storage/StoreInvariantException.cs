namespace Stack.Engine;

/// <summary>
/// A batch contradicts what the store guarantees: a second success of a stage, an attempt that exists already, an end without a time. Nothing of the batch was written.
/// It is a defect of the caller: writing the same again fails again.
/// </summary>
/// <param name="message">What is contradicted.</param>
/// <param name="innerException">The driver's error.</param>
public sealed class StoreInvariantException(string message, Exception? innerException = null) : Exception(message, innerException);
