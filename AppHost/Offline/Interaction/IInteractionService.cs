using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

/// <summary>Asks and tells whoever runs the application. On this host that is the terminal it was started in.</summary>
[Experimental("ASPIREINTERACTION001")]
public interface IInteractionService
{
    /// <summary>Whether there is anybody to ask; every prompt throws when there is not.</summary>
    bool IsAvailable { get; }

    /// <summary>Asks whether to do something.</summary>
    Task<InteractionResult<bool>> PromptConfirmationAsync(string title, string message, MessageBoxInteractionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Says something that is to be read before anything goes on.</summary>
    Task<InteractionResult<bool>> PromptMessageBoxAsync(string title, string message, MessageBoxInteractionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Asks for a text.</summary>
    Task<InteractionResult<InteractionInput>> PromptInputAsync(
        string title, string? message, string inputLabel, string placeHolder, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Asks for a value.</summary>
    Task<InteractionResult<InteractionInput>> PromptInputAsync(
        string title, string? message, InteractionInput input, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Asks for several values.</summary>
    Task<InteractionResult<InteractionInputCollection>> PromptInputsAsync(
        string title, string? message, IReadOnlyList<InteractionInput> inputs, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Says something, and goes on.</summary>
    Task<InteractionResult<bool>> PromptNotificationAsync(string title, string message, NotificationInteractionOptions? options = null, CancellationToken cancellationToken = default);
}
