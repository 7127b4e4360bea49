using System.Globalization;
using System.Text;
using System.Text.Json;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop.Backends;

/// <summary>
/// A program that does the work of a pass in the workspace. Exit code 0 says that the work is done, 2 that the program is blocked and wants another pass, any other that it failed.
/// No exit code is never a success: a program that was killed, or an answer without one, fails the attempt as infrastructure, which costs nothing.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="template">How it is started.</param>
/// <param name="context">The attempt.</param>
internal sealed class ProgramBackend(string name, ProgramTemplate template, AgentContext context) : ILoopBackend
{
    private const int Blocked = 2;
    private const int FirstSignal = 128;
    private const int MostSummary = 2_000;

    // What Linux takes as one argument (MAX_ARG_STRLEN), with its end.
    private const int MostArgument = 128 * 1024;

    /// <inheritdoc />
    public async Task<Pass> RunAsync(PassRequest request, CancellationToken cancellationToken)
    {
        var promptFile = Path.Combine(context.ScratchDirectory, string.Create(CultureInfo.InvariantCulture, $"prompt-{request.Iteration}.md"));
        await File.WriteAllTextAsync(promptFile, request.Prompt, cancellationToken);
        string[] line = [.. template.Command.Select(part => Fill(part, request, promptFile))];
        if (Array.FindIndex(line, part => Encoding.UTF8.GetByteCount(part) >= MostArgument) is >= 0 and var place)
        {
            throw TooLong(template.Command[place]);
        }

        var result = await context.Processes.RunAsync(
            new ProcessRequest { Program = line[0], Arguments = line[1..], Directory = context.Workspace.Directory, Environment = Variables(), Timeout = template.Timeout, LogLines = true },
            cancellationToken);
        if (result.TimedOut)
        {
            return new Pass { Summary = Shorten(result.Output), Problem = $"'{name}' did not end within {DurationText.Format(template.Timeout)} and was ended." };
        }

        if (result.ExitCode >= FirstSignal)
        {
            throw Interrupted("backend_killed", $"'{name}' was ended by signal {result.ExitCode - FirstSignal}; that is no result.", result);
        }

        return template.Result is "json" ? Read(result) : PassOf(result.ExitCode, result.Output, error: null, result);
    }

    private Pass Read(ProcessResult result)
    {
        var last = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
        try
        {
            var answer = JsonSerializer.Deserialize<ProgramAnswer>(last, StackJson.Options);
            return answer?.ExitCode is { } code
                ? PassOf(code, answer.Output ?? "", answer.Error, result)
                : throw Interrupted("backend_answer_incomplete", $"The answer of '{name}' has no exit_code; that is no success.", result);
        }
        catch (JsonException exception)
        {
            throw Interrupted("backend_answer_unreadable", $"The last line of '{name}' is no JSON object with an exit_code: {exception.Message}", result);
        }
    }

    private Pass PassOf(int code, string output, string? error, ProcessResult result)
    {
        if (template.InfrastructureExitCodes.Contains(code))
        {
            throw Interrupted("backend_interrupted", $"'{name}' ended with exit code {code}, which stands for infrastructure.", result);
        }

        return code switch
        {
            0 => new Pass { ClaimsDone = true, Summary = Shorten(output) },
            Blocked => new Pass { Summary = Shorten(output), Problem = $"'{name}' is blocked (exit code 2) and wants to go on. {error}".TrimEnd() },
            _ => new Pass { Summary = Shorten(output), Problem = $"'{name}' failed with exit code {code}. {error}\n{result.Tail()}".TrimEnd() },
        };
    }

    private Dictionary<string, string?> Variables() => template.Environment
        .Select(variable => (variable, value: Environment.GetEnvironmentVariable(variable)))
        .Where(pair => pair.value is not null)
        .ToDictionary(pair => pair.variable, pair => pair.value, StringComparer.Ordinal);

    // One pass over the text: what a prompt says in braces is not filled in again.
    private string Fill(string part, PassRequest request, string promptFile) => System.Text.RegularExpressions.Regex.Replace(part, "\\{(prompt_file|prompt|workspace|iteration|model)\\}", match => match.Groups[1].Value switch
    {
        "prompt" => request.Prompt,
        "prompt_file" => promptFile,
        "workspace" => context.Workspace.Directory,
        "iteration" => request.Iteration.ToString(CultureInfo.InvariantCulture),
        _ => request.Model,
    });

    private static string Shorten(string text) => text.Length > MostSummary ? "…" + text[^MostSummary..] : text;

    private AgentFailure TooLong(string part) => new(new StructuredError
    {
        Code = "prompt_too_long",
        Message = $"'{part}' of '{name}' would be an argument of more than {MostArgument / 1024} KiB, which programs cannot be given.",
        Category = ErrorCategory.Configuration,
        Class = FailureClass.Unproductive,
        SuggestedAction = "Give the program {prompt_file} instead of {prompt} in the file of backends, or shorten the requirements.",
    });

    private static AgentFailure Interrupted(string code, string message, ProcessResult result) => new(new StructuredError
    {
        Code = code,
        Message = message,
        Category = ErrorCategory.Dependency,
        Class = FailureClass.Infrastructure,
        Retryable = true,
        Details = result.Tail(),
    });

    private sealed record ProgramAnswer
    {
        public int? ExitCode { get; init; }

        public string? Output { get; init; }

        public string? Error { get; init; }
    }
}
