using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack completion</c>: a script with which a shell completes command lines.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _stack_complete() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(stack "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _stack_complete stack
        """;

    private const string Zsh = $"""
        autoload -U +X compinit && compinit
        autoload -U +X bashcompinit && bashcompinit
        {Bash}
        """;

    private const string Fish = """
        complete -f -c stack -a '(stack "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'
        """;

    public static Command Create(CommandScope scope)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return scope.Define(
            "completion",
            "Print a script with which a shell completes command lines",
            [shell],
            ["source <(stack completion bash)", "stack completion fish > ~/.config/fish/completions/stack.fish"],
            (session, parsed, _) =>
            {
                session.Output.Text(parsed.GetRequiredValue(shell) switch
                {
                    "bash" => Bash,
                    "zsh" => Zsh,
                    _ => Fish,
                });
                return Task.FromResult(ExitCode.Completed);
            });
    }
}
