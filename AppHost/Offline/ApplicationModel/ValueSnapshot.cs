namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that becomes known later; readers wait for it.</summary>
public sealed class ValueSnapshot<T>
{
    private readonly TaskCompletionSource<T> source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the value is known.</summary>
    public bool IsValueSet => source.Task.IsCompletedSuccessfully;

    internal T? ValueOrDefault => IsValueSet ? source.Task.GetAwaiter().GetResult() : default;

    /// <summary>Waits for the value.</summary>
    public Task<T> GetValueAsync(CancellationToken cancellationToken = default) => source.Task.WaitAsync(cancellationToken);

    /// <summary>Says the value; may be called once.</summary>
    public void SetValue(T value)
    {
        if (!source.TrySetResult(value))
        {
            throw new InvalidOperationException("The value is set already.");
        }
    }

    /// <summary>Says that the value will never be known.</summary>
    public void SetException(Exception exception)
    {
        if (!source.TrySetException(exception))
        {
            throw new InvalidOperationException("The value is set already.");
        }
    }
}
