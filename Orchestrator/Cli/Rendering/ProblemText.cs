using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Shows why something was not done: what, which values, and what to write instead.</summary>
internal sealed class ProblemText(Output output)
{
    /// <summary>A problem that the command found by itself.</summary>
    public static ProblemResource Usage(string message) =>
        new() { Type = ProblemTypes.InvalidRequest, Title = "Wrong usage", Status = 400, Detail = message };

    /// <summary>No orchestrator.</summary>
    public static ProblemResource Unreachable(ServerUnreachableException failure) => new()
    {
        Type = "urn:stack:problem:unreachable",
        Title = "Orchestrator not reachable",
        Status = 503,
        Detail = failure.Message,
        Details =
        [
            "Start it:  dotnet run --project AppHost",
            $"Or name another address with --server URL or the environment variable {ServerAddress.Variable}.",
        ],
    };

    /// <summary>No AppHost.</summary>
    public static ProblemResource Unreachable(HostUnreachableException failure) => new()
    {
        Type = "urn:stack:problem:unreachable",
        Title = "AppHost not reachable",
        Status = 503,
        Detail = failure.Message,
        Details =
        [
            "Start it:  dotnet run --project AppHost",
            "Or name the data folder of the one that runs with --data DIR.",
        ],
    };

    /// <summary>Writes a problem beside the results: lines for people, one line of JSON for programs.</summary>
    public void Write(ProblemResource problem)
    {
        if (output.IsJson)
        {
            output.NoteRecord(problem);
            return;
        }

        var lines = Lines(problem).ToArray();
        var detail = problem.Detail ?? problem.Error;
        var isSaidBelow = detail is null || detail == problem.Title || (lines.Length > 0 && detail.Contains(lines[0], StringComparison.Ordinal)) || problem.Problems is { Count: > 0 };
        output.Note(isSaidBelow ? $"Error: {problem.Title.TrimEnd('.')}." : $"Error: {problem.Title.TrimEnd('.')}. {detail}");
        foreach (var line in lines)
        {
            output.Note($"  {line}");
        }

        if (problem.TraceId is not null && problem.Status >= 500)
        {
            output.Note($"  Trace: {problem.TraceId}");
        }
    }

    /// <summary>What is wrong with a definition, for people.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<DefinitionProblem> problems, string? file = null)
    {
        foreach (var problem in problems)
        {
            var line = problem.Line is null ? "" : $"line {problem.Line}, ";
            var found = problem.Value is null ? "" : $" (found: {problem.Value})";
            yield return $"{(file is null ? "" : $"{file}: ")}{line}{(problem.Path.Length == 0 ? "the whole" : problem.Path)}: {problem.Message}{found}";
            yield return $"    {problem.Remedy}";
        }
    }

    private static IEnumerable<string> Lines(ProblemResource problem) =>
        problem.Problems is { Count: > 0 } problems ? Lines(problems) : problem.Details ?? [];
}
