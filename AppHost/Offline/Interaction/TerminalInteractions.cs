using System.Globalization;
using System.Threading.Channels;

namespace Aspire.Hosting.Offline;

/// <summary>Asks on the terminal, one question at a time.</summary>
internal sealed class TerminalInteractions(ITerminalInput input, TerminalOutput output, IServiceProvider services) : IInteractionService
{
    // Holds the question that is asked; the next one waits until there is room. Unlike a semaphore it is nothing to dispose of while somebody still sits before a question.
    private readonly Channel<string> turn = Channel.CreateBounded<string>(1);

    public bool IsAvailable => input.IsInteractive;

    public Task<InteractionResult<bool>> PromptConfirmationAsync(
        string title, string message, MessageBoxInteractionOptions? options = null, CancellationToken cancellationToken = default) => AskAsync(
            title, message, async () => await ReadAsync("yes or no [no]: ", isSecret: false, cancellationToken) is { } answer
                ? InteractionResult.Ok(answer.Trim() is "y" or "Y" or "yes")
                : InteractionResult.Cancel<bool>(), cancellationToken);

    public Task<InteractionResult<bool>> PromptMessageBoxAsync(
        string title, string message, MessageBoxInteractionOptions? options = null, CancellationToken cancellationToken = default) => AskAsync(
            title, message, async () => await ReadAsync("Press Enter to go on. ", isSecret: false, cancellationToken) is null ? InteractionResult.Cancel<bool>() : InteractionResult.Ok(true), cancellationToken);

    public Task<InteractionResult<InteractionInput>> PromptInputAsync(
        string title, string? message, string inputLabel, string placeHolder, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default) =>
        PromptInputAsync(title, message, new InteractionInput { Name = inputLabel, Placeholder = placeHolder, InputType = InputType.Text, Required = true }, options, cancellationToken);

    public async Task<InteractionResult<InteractionInput>> PromptInputAsync(
        string title, string? message, InteractionInput input, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default)
    {
        var result = await PromptInputsAsync(title, message, [input], options, cancellationToken);
        return result.Canceled ? InteractionResult.Cancel<InteractionInput>() : InteractionResult.Ok(result.Data[0]);
    }

    public Task<InteractionResult<InteractionInputCollection>> PromptInputsAsync(
        string title, string? message, IReadOnlyList<InteractionInput> inputs, InputsDialogInteractionOptions? options = null, CancellationToken cancellationToken = default) => AskAsync(
            title, message, async () =>
            {
                var all = new InteractionInputCollection(inputs);
                for (var isAccepted = false; !isAccepted;)
                {
                    foreach (var one in inputs.Where(one => !one.Disabled))
                    {
                        if (!await FillAsync(one, cancellationToken))
                        {
                            return InteractionResult.Cancel<InteractionInputCollection>();
                        }
                    }
                    isAccepted = await IsAcceptedAsync(all, options, cancellationToken);
                }
                return InteractionResult.Ok(all);
            }, cancellationToken);

    public Task<InteractionResult<bool>> PromptNotificationAsync(
        string title, string message, NotificationInteractionOptions? options = null, CancellationToken cancellationToken = default)
    {
        output.Write(TerminalLoggerProvider.Name, options?.LinkUrl is { } link ? $"{title}: {message} ({link})" : $"{title}: {message}", color: 0, isError: options?.Intent == MessageIntent.Error);
        return Task.FromResult(InteractionResult.Ok(true));
    }

    private async Task<InteractionResult<T>> AskAsync<T>(string title, string? message, Func<Task<InteractionResult<T>>> ask, CancellationToken cancellationToken)
    {
        if (!IsAvailable)
        {
            throw new InvalidOperationException($"'{title}' cannot be asked: the host was not started in a terminal. Look at IsAvailable first.");
        }
        await turn.Writer.WriteAsync(title, cancellationToken);
        try
        {
            output.Write(string.IsNullOrEmpty(message) ? title : $"{title}: {message}");
            return await ask();
        }
        finally
        {
            turn.Reader.TryRead(out _);
        }
    }

    private async Task<bool> IsAcceptedAsync(InteractionInputCollection all, InputsDialogInteractionOptions? options, CancellationToken cancellationToken)
    {
        if (options?.ValidationCallback is not { } validate)
        {
            return true;
        }
        var context = new InputsDialogValidationContext { Inputs = all, CancellationToken = cancellationToken, Services = services };
        await validate(context);
        foreach (var (wrong, error) in context.Errors)
        {
            output.Write($"{wrong.Title}: {error}");
        }
        return context.Errors.Count == 0;
    }

    private async Task<bool> FillAsync(InteractionInput one, CancellationToken cancellationToken)
    {
        if (one.Description is { Length: > 0 } description)
        {
            output.Write(description);
        }
        foreach (var (value, words) in one.Options ?? [])
        {
            output.Write($"  {value}: {words}");
        }
        while (true)
        {
            var example = one.Value is { Length: > 0 } before && one.InputType != InputType.SecretText ? $" [{before}]" : one.Placeholder is { Length: > 0 } placeholder ? $" (for example {placeholder})" : "";
            if (await ReadAsync($"{one.Title}{example}: ", one.InputType == InputType.SecretText, cancellationToken) is not { } answer)
            {
                return false;
            }
            var value = answer.Length == 0 ? one.Value ?? "" : answer;
            if (Complaint(one, value) is not { } complaint)
            {
                one.Value = value;
                return true;
            }
            output.Write(complaint);
        }
    }

    private static string? Complaint(InteractionInput one, string value) =>
        value.Length == 0 ? one.Required ? $"{one.Title} is needed." : null
        : one.MaxLength is { } longest && value.Length > longest ? $"{one.Title} has at most {longest} characters."
        : one.InputType switch
        {
            InputType.Number when !decimal.TryParse(value, CultureInfo.InvariantCulture, out _) => $"'{value}' is not a number.",
            InputType.Boolean when !bool.TryParse(value, out _) => $"'{value}' is neither true nor false.",
            InputType.Choice when !one.AllowCustomChoice && one.Options?.Any(option => option.Key == value) != true => $"'{value}' is none of the choices.",
            _ => null,
        };

    private async Task<string?> ReadAsync(string question, bool isSecret, CancellationToken cancellationToken)
    {
        output.Write(question);
        return await input.ReadLineAsync(isSecret, cancellationToken);
    }
}
