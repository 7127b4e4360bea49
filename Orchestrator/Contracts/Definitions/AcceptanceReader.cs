using System.Text.Json;
using System.Text.RegularExpressions;

namespace Stack.Contracts;

/// <summary>Reads the checks of a stage (<c>accept</c>) and reports everything that is wrong with them at once.</summary>
internal static class AcceptanceReader
{
    /// <summary>The most checks that a stage may have.</summary>
    public const int MaxChecks = 50;

    private static readonly string[] Types = ["command", "coverage", "diff", "file", "http", "judge", "tests"];
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// <summary>Reads the checks of a stage.</summary>
    /// <param name="stage">The stage's fields.</param>
    /// <param name="problems">Where problems go.</param>
    public static IReadOnlyList<AcceptanceCheck> Read(JsonFields stage, List<DefinitionProblem> problems)
    {
        if (stage.Find("accept") is not { } list)
        {
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            stage.Report("accept", list, "A list of checks is needed.", "Write '- type: file' with 'path: README.md', or another check.");
            return [];
        }

        if (list.GetArrayLength() > MaxChecks)
        {
            stage.Report("accept", null, $"There are {list.GetArrayLength()} checks.", $"Use at most {MaxChecks}.");
            return [];
        }

        return [.. list.EnumerateArray().Select((element, index) => ReadCheck(element, $"{stage.PathOf("accept")}[{index}]", problems)).OfType<AcceptanceCheck>()];
    }

    private static AcceptanceCheck? ReadCheck(JsonElement element, string path, List<DefinitionProblem> problems)
    {
        if (JsonFields.Of(element, path, problems) is not { } fields)
        {
            return null;
        }

        var type = fields.Text("type", required: true);
        var name = fields.Text("name", maxLength: 200);
        var timeout = ReadTimeout(fields);
        AcceptanceCheck? check = type switch
        {
            "command" => ReadCommand(fields),
            "http" => ReadHttp(fields),
            "file" => ReadFile(fields),
            "diff" => ReadDiff(fields),
            "tests" => ReadTests(fields),
            "coverage" => ReadCoverage(fields),
            "judge" => ReadJudge(fields),
            _ => null,
        };
        if (check is null)
        {
            if (type is not null)
            {
                var near = DefinitionNames.Nearest(type, Types);
                fields.Report("type", fields.Find("type"), "There is no such check.", (near is null ? "" : $"Did you mean '{near}'? ") + $"The checks are: {string.Join(", ", Types)}.");
            }

            return null;
        }

        fields.RefuseUnknown();
        return check with { Name = name, Timeout = timeout ?? check.Timeout };
    }

    private static AcceptanceCheck.CommandLine ReadCommand(JsonFields fields)
    {
        var (run, shell) = ReadRun(fields, required: true);
        return new AcceptanceCheck.CommandLine
        {
            Run = run,
            Shell = shell,
            Directory = ReadDirectory(fields),
            ExitCode = (int)(fields.Number("exit_code", 0, 255, whole: true) ?? 0),
            OutputContains = fields.Text("output_contains"),
            OutputMatches = ReadPattern(fields, "output_matches"),
        };
    }

    private static AcceptanceCheck.Http ReadHttp(JsonFields fields)
    {
        var (run, shell) = ReadRun(fields, required: true);
        var path = fields.Text("path", required: true, maxLength: 2000);
        if (path is not null && (path[0] != '/' || path.Any(char.IsControl)))
        {
            fields.Report("path", fields.Find("path"), "It is not a path of an address.", "Begin with a slash, for example /health; the check knows the port.");
        }

        var method = fields.Text("method", maxLength: 20) ?? "GET";
        if (!Methods.Contains(method, StringComparer.Ordinal))
        {
            fields.Report("method", fields.Find("method"), "It is not one of the methods.", $"Write one of: {string.Join(", ", Methods)}.");
        }

        return new AcceptanceCheck.Http
        {
            Run = run,
            Shell = shell,
            Directory = ReadDirectory(fields),
            Method = method,
            Path = path ?? "/",
            Body = fields.Find("body") is { } body ? JsonPayload.FromElement(body) : null,
            Status = (int)(fields.Number("status", 100, 599, whole: true) ?? 200),
            Contains = fields.Text("contains"),
            Matches = ReadPattern(fields, "matches"),
            Json = fields.Find("json") is { } json ? JsonPayload.FromElement(json) : null,
        };
    }

    private static AcceptanceCheck.FileState ReadFile(JsonFields fields)
    {
        var check = new AcceptanceCheck.FileState
        {
            Path = fields.Text("path", required: true) is { } path && IsInside(fields, "path", path) ? path : "",
            Exists = fields.Flag("exists") ?? true,
            Contains = fields.Text("contains"),
            Matches = ReadPattern(fields, "matches"),
        };
        if (!check.Exists && (check.Contains ?? check.Matches) is not null)
        {
            fields.Report("exists", fields.Find("exists"), "A file that is not there contains nothing.", "Remove 'contains' and 'matches', or 'exists: false'.");
        }

        return check;
    }

    private static AcceptanceCheck.Diff ReadDiff(JsonFields fields)
    {
        var check = new AcceptanceCheck.Diff
        {
            MustChange = ReadPatterns(fields, "must_change"),
            MustNotChange = ReadPatterns(fields, "must_not_change"),
            MaxLines = (int?)fields.Number("max_lines", 0, int.MaxValue, whole: true),
        };
        if (fields.Find("must_change") is null && fields.Find("must_not_change") is null && fields.Find("max_lines") is null)
        {
            fields.Report("must_change", null, "The check asks for nothing.", "Add 'must_change', 'must_not_change' or 'max_lines'.");
        }

        return check;
    }

    private static AcceptanceCheck.Tests ReadTests(JsonFields fields)
    {
        var (run, shell) = ReadRun(fields, required: false);
        return new AcceptanceCheck.Tests
        {
            Run = run,
            Shell = shell,
            Directory = ReadDirectory(fields),
            Report = fields.Text("report") is { } report && IsInside(fields, "report", report) ? report : null,
            MinPassed = (int)(fields.Number("min_passed", 1, int.MaxValue, whole: true) ?? 1),
        };
    }

    private static AcceptanceCheck.Coverage ReadCoverage(JsonFields fields)
    {
        var (run, shell) = ReadRun(fields, required: false);
        if (fields.Find("minimum") is null)
        {
            fields.Report("minimum", null, "It is missing.", "Add 'minimum', for example 80.");
        }

        return new AcceptanceCheck.Coverage
        {
            Run = run,
            Shell = shell,
            Directory = ReadDirectory(fields),
            Report = fields.Text("report") is { } report && IsInside(fields, "report", report) ? report : null,
            Minimum = fields.Number("minimum", 0.1, 100, whole: false) ?? 100,
        };
    }

    private static AcceptanceCheck.Judge ReadJudge(JsonFields fields)
    {
        var check = new AcceptanceCheck.Judge { Question = fields.Text("question", required: true) ?? "" };
        return check with { Model = fields.Text("model", maxLength: 200) ?? check.Model };
    }

    // A list is a program with its arguments, a text a line for the shell.
    private static (IReadOnlyList<string> Run, string? Shell) ReadRun(JsonFields fields, bool required)
    {
        var shell = fields.Text("shell");
        if (fields.Find("run") is not { } value)
        {
            if (required && shell is null)
            {
                fields.Report("run", null, "It is missing.", "Write the program and its arguments as a list, [dotnet, test], or a line for the shell as text.");
            }

            return ([], shell);
        }

        if (shell is not null)
        {
            fields.Report("shell", fields.Find("shell"), "There is 'run' already.", "Keep one of the two.");
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return ([], fields.Text("run", required: true));
        }

        var run = fields.Texts("run");
        if (value.ValueKind == JsonValueKind.Array && (run.Count == 0 || string.IsNullOrWhiteSpace(run[0])))
        {
            fields.Report("run", value, "There is no program in it.", "Write the program and its arguments as a list, for example [dotnet, test].");
        }

        return (run, null);
    }

    private static TimeSpan? ReadTimeout(JsonFields fields)
    {
        var timeout = fields.Duration("timeout", TimeSpan.FromSeconds(1));
        if (timeout > AcceptanceCheck.MaxTimeout)
        {
            fields.Report("timeout", fields.Find("timeout"), "A check may not take that long.", $"Write {DurationText.Format(AcceptanceCheck.MaxTimeout)} or less.");
        }

        return timeout;
    }

    private static string ReadDirectory(JsonFields fields) =>
        fields.Text("directory") is { Length: > 0 } path && IsInside(fields, "directory", path) && path is not "." ? path.TrimEnd('/') : "";

    private static List<string> ReadPatterns(JsonFields fields, string name) => [.. fields.Texts(name).Where(pattern => IsInside(fields, name, pattern))];

    private static bool IsInside(JsonFields fields, string name, string path)
    {
        if (DefinitionNames.IsInsideWorkspace(path))
        {
            return true;
        }

        fields.Report(name, fields.Find(name), $"The path '{path}' leaves the workspace.", "Write a path relative to the workspace, with forward slashes, without '..' and '.git'.");
        return false;
    }

    private static string? ReadPattern(JsonFields fields, string name)
    {
        if (fields.Text(name) is not { } pattern)
        {
            return null;
        }

        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking);
            return pattern;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            fields.Report(name, fields.Find(name), $"It is not a regular expression that can be used: {exception.Message}", "Correct it; look-arounds and back-references are not supported, so that no text can make it run for ever.");
            return null;
        }
    }
}
