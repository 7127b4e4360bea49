using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

/// <summary>How serious a message is.</summary>
[Experimental("ASPIREINTERACTION001")]
public enum MessageIntent
{
    /// <summary>Nothing is said about it.</summary>
    None = 0,

    /// <summary>Something went well.</summary>
    Success = 1,

    /// <summary>Something may be wrong.</summary>
    Warning = 2,

    /// <summary>Something is wrong.</summary>
    Error = 3,

    /// <summary>Something to know.</summary>
    Information = 4,

    /// <summary>A question.</summary>
    Confirmation = 5,
}

/// <summary>How a prompt looks.</summary>
[Experimental("ASPIREINTERACTION001")]
public class InteractionOptions
{
    /// <summary>The words of the button that agrees; null means the usual ones.</summary>
    public string? PrimaryButtonText { get; set; }

    /// <summary>The words of the button that refuses; null means the usual ones.</summary>
    public string? SecondaryButtonText { get; set; }

    /// <summary>Whether there is a button that refuses; null means as usual for the prompt.</summary>
    public bool? ShowSecondaryButton { get; set; }

    /// <summary>Whether it can be closed; null means as usual for the prompt.</summary>
    public bool? ShowDismiss { get; set; }

    /// <summary>Whether the message is markdown; null means no.</summary>
    public bool? EnableMessageMarkdown { get; set; }
}

/// <summary>How a prompt for values looks, and what is accepted.</summary>
[Experimental("ASPIREINTERACTION001")]
public class InputsDialogInteractionOptions : InteractionOptions
{
    /// <summary>Looks at the values; what it finds wrong is shown, and asked again.</summary>
    public Func<InputsDialogValidationContext, Task>? ValidationCallback { get; set; }
}

/// <summary>The values to look at.</summary>
[Experimental("ASPIREINTERACTION001")]
public sealed class InputsDialogValidationContext
{
    private readonly List<(InteractionInput Input, string Message)> errors = [];

    /// <summary>The values.</summary>
    public required InteractionInputCollection Inputs { get; init; }

    /// <summary>Canceled when whoever asked gave up.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The application's services.</summary>
    public required IServiceProvider Services { get; init; }

    internal IReadOnlyList<(InteractionInput Input, string Message)> Errors => errors;

    /// <summary>Says what is wrong with a value.</summary>
    public void AddValidationError(InteractionInput input, string errorMessage) => errors.Add((input, errorMessage));
}

/// <summary>How a message looks.</summary>
[Experimental("ASPIREINTERACTION001")]
public class MessageBoxInteractionOptions : InteractionOptions
{
    /// <summary>How serious it is.</summary>
    public MessageIntent? Intent { get; set; }
}

/// <summary>How a notification looks.</summary>
[Experimental("ASPIREINTERACTION001")]
public class NotificationInteractionOptions : InteractionOptions
{
    /// <summary>How serious it is.</summary>
    public MessageIntent? Intent { get; set; }

    /// <summary>The words of a link.</summary>
    public string? LinkText { get; set; }

    /// <summary>Where the link leads.</summary>
    public string? LinkUrl { get; set; }
}
