using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

/// <summary>What came of a prompt.</summary>
[Experimental("ASPIREINTERACTION001")]
public class InteractionResult<T>
{
    internal InteractionResult(T? data, bool canceled) => (Data, Canceled) = (data, canceled);

    /// <summary>What was answered; null when nothing was.</summary>
    public T? Data { get; }

    /// <summary>Whether nobody answered.</summary>
    [MemberNotNullWhen(false, nameof(Data))]
    public bool Canceled { get; }
}

/// <summary>Makes results of prompts.</summary>
[Experimental("ASPIREINTERACTION001")]
public static class InteractionResult
{
    /// <summary>Somebody answered.</summary>
    public static InteractionResult<T> Ok<T>(T result) => new(result, canceled: false);

    /// <summary>Nobody answered.</summary>
    public static InteractionResult<T> Cancel<T>(T? data = default) => new(data, canceled: true);
}
