namespace Aspire.Hosting.Offline;

/// <summary>The keyboard of the terminal the host was started in.</summary>
internal interface ITerminalInput
{
    /// <summary>Whether somebody sits there: neither input nor output goes elsewhere.</summary>
    bool IsInteractive { get; }

    /// <summary>Reads a line; null when there is no more. What is typed is not shown when it is a secret.</summary>
    Task<string?> ReadLineAsync(bool isSecret, CancellationToken cancellationToken);
}

/// <summary>The console of this process.</summary>
internal sealed class ConsoleInput : ITerminalInput
{
    public bool IsInteractive { get; } = !Console.IsInputRedirected && !Console.IsOutputRedirected;

    // Reading cannot be canceled; the thread that waits for a key ends with the process.
    public Task<string?> ReadLineAsync(bool isSecret, CancellationToken cancellationToken) =>
        Task.Run(() => isSecret ? ReadSecret() : Console.In.ReadLine(), CancellationToken.None).WaitAsync(cancellationToken);

    private static string ReadSecret()
    {
        var typed = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Append(key.KeyChar);
            }
        }
        return typed.ToString();
    }
}
