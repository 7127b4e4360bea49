using System.Text;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>Writes what a backend is told in an iteration: the task, and what the evidence says about the iterations before.</summary>
internal static class LoopPrompt
{
    /// <summary>What the native backend is told before every prompt.</summary>
    public const string Instructions =
        """
        You work on a git workspace through tools: read_file, write_file, edit_file, list_files, search, run_command. All paths are relative to the workspace. Make the changes yourself with the tools; do not describe them.
        Look before you change, and try what you made (build it, run its tests) before you say that it is done. When the task is done, answer without a tool call: one short paragraph about what you did.
        What you say is not taken for the result: the files and the checks are looked at afterwards. Changes are committed for you; do not commit or push.
        """;

    /// <summary>Writes a prompt. The first iteration gets the task alone, exactly as it was given.</summary>
    /// <param name="task">The task.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="records">The iterations before.</param>
    /// <param name="pivot">What is tried because nothing changed.</param>
    /// <param name="guidance">What a person said. Null: nothing.</param>
    /// <param name="notice">What the backend has to know now. Null: nothing.</param>
    public static string Of(string task, LoopSettings settings, IReadOnlyList<IterationRecord> records, Pivot pivot, string? guidance, string? notice)
    {
        var text = new StringBuilder(task);
        Add(text, "Instructions", settings.Instructions);
        Add(text, "Context", settings.Context?.GetRawText());
        if (settings.Checks is { Count: > 0 } checks)
        {
            Add(text, "Checks: these commands must succeed", string.Join('\n', checks.Select(check => "- " + check)));
        }

        if (records.Count > 0)
        {
            Add(text, $"What happened in iteration {records[^1].Number}", Report(records[^1]));
        }

        Add(text, "Notice", notice);
        Add(text, "Notice", pivot is Pivot.None ? null : "The last iterations changed nothing that can be seen. Do not do the same again: read the files and the failing checks anew, find out why it does not work, and take another way. If a part of the task is not possible, do the rest.");
        Add(text, "A person says", guidance);
        return text.ToString();
    }

    private static string Report(IterationRecord record)
    {
        var text = new StringBuilder();
        if (record.Class is FailureClass.Unproductive)
        {
            text.Append("Nothing changed that was not there before.\n");
        }

        if (record is { ClaimsDone: true, FilesChanged: 0 })
        {
            text.Append("It was said that the work is done, but no file of the workspace was changed. That is not done.\n");
        }

        text.Append(record.Problem is null ? "" : $"Problem: {record.Problem}\n");
        text.Append(record.Summary.Length == 0 ? "" : $"It said: {record.Summary}\n");
        foreach (var check in record.Checks.Where(check => !check.Passed))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"The check `{check.Command}` failed with exit code {check.ExitCode}:\n{check.Tail}\n");
        }

        return text.ToString().TrimEnd();
    }

    private static void Add(StringBuilder text, string title, string? content)
    {
        if (!string.IsNullOrWhiteSpace(content))
        {
            text.Append("\n\n## ").Append(title).Append('\n').Append(content.Trim());
        }
    }
}
