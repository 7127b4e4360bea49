using Stack.Checks.Processes;

namespace Stack.Checks;

/// <summary>The programs that checks start.</summary>
internal static class CheckProgram
{
    /// <summary>The command line, for people.</summary>
    /// <param name="run">The program and its arguments.</param>
    /// <param name="shell">The line for the shell, or null.</param>
    public static string Shown(IReadOnlyList<string> run, string? shell) => shell ?? string.Join(' ', run);

    /// <summary>What is wrong with a program that the work itself shall contain: that it is not there is a finding, while one that the machine lacks is no fault of the work. Null: nothing.</summary>
    /// <param name="ground">Where.</param>
    /// <param name="run">The program and its arguments.</param>
    /// <param name="directory">The folder where it runs.</param>
    public static string? Missing(CheckGround ground, IReadOnlyList<string> run, string directory)
    {
        if (LinkIn(ground.Workspace, directory) is { } link)
        {
            return $"{link} is a symbolic link";
        }

        var folder = Path.Combine(ground.Workspace, directory);
        if (!Directory.Exists(folder))
        {
            return $"there is no folder '{directory}'";
        }

        return run.Count > 0 && run[0].Contains('/', StringComparison.Ordinal) && ProgramPath.Find(run[0], folder, "") is null ? $"there is no program '{run[0]}'" : null;
    }

    /// <summary>The request that starts it.</summary>
    /// <param name="ground">Where.</param>
    /// <param name="run">The program and its arguments.</param>
    /// <param name="shell">The line for the shell, or null.</param>
    /// <param name="directory">The folder where it runs.</param>
    /// <param name="timeout">How long it may run.</param>
    /// <param name="replaced">What stands for words in braces. Null: nothing.</param>
    public static ProcessRequest Of(CheckGround ground, IReadOnlyList<string> run, string? shell, string directory, TimeSpan timeout, (string Word, string Text)? replaced = null)
    {
        IReadOnlyList<string> line = shell is null ? run : ["/bin/sh", "-c", shell];
        return new ProcessRequest
        {
            Program = line[0],
            Arguments = [.. line.Skip(1).Select(argument => replaced is { } pair ? argument.Replace($"{{{pair.Word}}}", pair.Text, StringComparison.Ordinal) : argument)],
            Directory = Path.Combine(ground.Workspace, directory),
            Timeout = timeout,
            OutputLimit = 64 * 1024,
        };
    }

    /// <summary>The first part of a path below a folder that is a symbolic link. Null: none is.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">The path, relative.</param>
    public static string? LinkIn(string folder, string path)
    {
        var walked = "";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            walked = walked.Length == 0 ? part : $"{walked}/{part}";
            if (new FileInfo(Path.Combine(folder, walked)).LinkTarget is not null)
            {
                return walked;
            }
        }

        return null;
    }
}
