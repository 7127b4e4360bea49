using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Stack.Agents.Tools;

namespace Stack.Agents.Loop.Native;

/// <summary>
/// The tools of the native backend: read, write, edit, list and search files of the workspace, and run commands in it. Whatever a model does with them, it gets a text back that says what happened;
/// none of them throws because of the model. Outputs are cut to 16,000 characters.
/// </summary>
internal sealed class WorkspaceTools
{
    private const int MostCharacters = 16_000;
    private const int MostWritten = 1024 * 1024;
    private const long MostRead = 4 * 1024 * 1024;
    private const int MostEntries = 400;

    private static readonly string[] s_leftOut = [".git", "bin", "obj", "node_modules", "TestResults"];
    private static readonly EnumerationOptions s_entries = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    private readonly Workspace _workspace;
    private readonly ProcessTool _processes;
    private readonly TimeSpan _commandTimeout;

    public WorkspaceTools(Workspace workspace, ProcessTool processes, TimeSpan commandTimeout)
    {
        (_workspace, _processes, _commandTimeout) = (workspace, processes, commandTimeout);
        All =
        [
            new("read_file", "Reads a text file of the workspace.", [("path", "string", "The path, relative to the workspace.", true), ("line", "integer", "The first line to read, from 1.", false)], ReadAsync),
            new("write_file", "Writes a text file of the workspace; what was there before is replaced.", [("path", "string", "The path, relative to the workspace.", true), ("content", "string", "The whole text.", true)], WriteAsync),
            new("edit_file", "Replaces a piece of text in a file. The old text must occur exactly once.", [("path", "string", "The path, relative to the workspace.", true), ("old_text", "string", "The text to replace, with enough of its surroundings to be unique.", true), ("new_text", "string", "The text to put there.", true)], EditAsync),
            new("list_files", "Lists the files below a folder of the workspace.", [("path", "string", "The folder; the whole workspace when left out.", false)], ListAsync),
            new("search", "Finds lines that match a regular expression in the files of the workspace.", [("pattern", "string", "The regular expression.", true), ("path", "string", "The folder to search; the whole workspace when left out.", false)], SearchAsync),
            new("run_command", "Runs a shell command in the workspace and returns its exit code and output. It must end by itself.", [("command", "string", "The command line, for /bin/sh.", true), ("timeout_seconds", "integer", "The longest it may take.", false)], RunAsync),
        ];
    }

    /// <summary>The tools.</summary>
    public IReadOnlyList<WorkspaceTool> All { get; }

    /// <summary>Does what a model asks for.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What to tell the model, and whether the call was one that could be made.</returns>
    public async Task<(string Text, bool Made)> InvokeAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        if (All.FirstOrDefault(tool => tool.Name == call.Name) is not { } tool)
        {
            return ($"There is no tool '{call.Name}'. The tools are: {string.Join(", ", All.Select(known => known.Name))}.", false);
        }

        if (call.Exception is not null)
        {
            return ($"The arguments of {call.Name} are no JSON object. Write them as one, for example {{{string.Join(", ", tool.Parameters.Where(parameter => parameter.Required).Select(parameter => $"\"{parameter.Name}\": \"…\""))}}}.", false);
        }

        try
        {
            return (ConfinedPath.Hide(_workspace, await tool.Work(new ToolArguments(call.Arguments ?? new Dictionary<string, object?>()), cancellationToken)), true);
        }
        catch (ToolMisuseException misuse)
        {
            return (misuse.Message, false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or RegexMatchTimeoutException)
        {
            return ($"{call.Name} failed: {exception.Message}", true);
        }
    }

    private async Task<string> ReadAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var path = arguments.Text("path");
        var text = await TextOfAsync(path, cancellationToken);
        var first = arguments.Number("line", 1, 1, int.MaxValue);
        var lines = text.Split('\n');
        var shown = string.Join('\n', lines.Skip(first - 1));
        return shown.Length <= MostCharacters
            ? (shown.Length == 0 ? $"(The file has {lines.Length} lines; nothing is there from line {first} on.)" : shown)
            : $"{shown[..MostCharacters]}\n… The file goes on: it has {lines.Length} lines. Read further with 'line': {first + shown[..MostCharacters].Count(c => c == '\n')}.";
    }

    private async Task<string> WriteAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var (path, content) = (arguments.Text("path"), arguments.Text("content"));
        var full = FileOf(path);
        if (content.Length > MostWritten)
        {
            throw new ToolMisuseException($"The content has {content.Length} characters; {MostWritten} are allowed. Write smaller files.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await File.WriteAllTextAsync(full, content, cancellationToken);
        return $"Wrote {path}: {content.Length} characters.";
    }

    private async Task<string> EditAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var (path, old) = (arguments.Text("path"), arguments.Text("old_text"));
        var text = await TextOfAsync(path, cancellationToken);
        var at = old.Length == 0 ? -1 : text.IndexOf(old, StringComparison.Ordinal);
        if (at < 0)
        {
            throw new ToolMisuseException($"The old text is not in {path}. Read the file and copy the text exactly, with its white space.");
        }

        if (text.IndexOf(old, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new ToolMisuseException($"The old text occurs more than once in {path}. Give more of its surroundings.");
        }

        await File.WriteAllTextAsync(FileOf(path), string.Concat(text.AsSpan(0, at), arguments.Text("new_text"), text.AsSpan(at + old.Length)), cancellationToken);
        return $"Changed {path}.";
    }

    private Task<string> ListAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var files = FilesBelow(arguments.OptionalText("path") ?? "", cancellationToken).Take(MostEntries + 1).ToList();
        var text = string.Join('\n', files.Take(MostEntries));
        return Task.FromResult(files.Count == 0 ? "There are no files." : files.Count > MostEntries ? $"{text}\n… and more. List a folder of it." : text);
    }

    private async Task<string> SearchAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        Regex pattern;
        try
        {
            pattern = new Regex(arguments.Text("pattern"), RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(250));
        }
        catch (ArgumentException exception)
        {
            throw new ToolMisuseException($"The pattern is no regular expression: {exception.Message}");
        }

        var found = new StringBuilder();
        foreach (var file in FilesBelow(arguments.OptionalText("path") ?? "", cancellationToken))
        {
            var full = Path.Combine(_workspace.Directory, file);
            if (new FileInfo(full).Length > MostRead || await File.ReadAllTextAsync(full, cancellationToken) is not { } text || text.Contains('\0', StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var (line, number) in text.Split('\n').Select((line, index) => (line, index + 1)).Where(pair => pattern.IsMatch(pair.line)))
            {
                found.Append(System.Globalization.CultureInfo.InvariantCulture, $"{file}:{number}: {(line.Length > 300 ? line[..300] + "…" : line)}\n");
                if (found.Length > MostCharacters)
                {
                    return found.Append("… and more. Search for something narrower.").ToString();
                }
            }
        }

        return found.Length == 0 ? "Nothing matches." : found.ToString();
    }

    private async Task<string> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var most = Math.Max(1, (int)_commandTimeout.TotalSeconds);
        var timeout = TimeSpan.FromSeconds(arguments.Number("timeout_seconds", most, 1, most));
        var result = await _processes.RunAsync(
            new ProcessRequest { Program = "/bin/sh", Arguments = ["-c", arguments.Text("command")], Directory = _workspace.Directory, Timeout = timeout, OutputLimit = MostCharacters },
            cancellationToken);
        var output = result.Output.Length == 0 ? "(It wrote nothing.)" : result.Output;
        return result.TimedOut
            ? $"It did not end within {timeout.TotalSeconds:0} s and was ended, with all that it had started. Its output:\n{output}"
            : $"Exit code {result.ExitCode}. Its output:\n{output}";
    }

    private string FileOf(string path) => ConfinedPath.Resolve(_workspace, path) is var full && full != _workspace.Directory && !Directory.Exists(full)
        ? full
        : throw new ToolMisuseException($"'{path}' is a folder. Name a file.");

    private async Task<string> TextOfAsync(string path, CancellationToken cancellationToken)
    {
        var full = FileOf(path);
        if (!File.Exists(full))
        {
            throw new ToolMisuseException($"There is no file '{path}'. list_files shows what there is.");
        }

        return new FileInfo(full).Length <= MostRead
            ? await File.ReadAllTextAsync(full, cancellationToken)
            : throw new ToolMisuseException($"'{path}' has more than {MostRead} bytes. Use run_command to look at a part of it.");
    }

    private IEnumerable<string> FilesBelow(string path, CancellationToken cancellationToken)
    {
        var folders = new Stack<string>([ConfinedPath.Resolve(_workspace, path)]);
        while (folders.TryPop(out var folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Directory.Exists(folder))
            {
                throw new ToolMisuseException($"There is no folder '{path}'.");
            }

            foreach (var file in Directory.EnumerateFiles(folder, "*", s_entries).Order(StringComparer.Ordinal))
            {
                yield return Path.GetRelativePath(_workspace.Directory, file).Replace('\\', '/');
            }

            foreach (var below in Directory.EnumerateDirectories(folder, "*", s_entries).OrderDescending(StringComparer.Ordinal).Where(below => !s_leftOut.Contains(Path.GetFileName(below))))
            {
                folders.Push(below);
            }
        }
    }
}
