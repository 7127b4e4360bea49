using System.CommandLine;

namespace Stack.Cli;

/// <summary><c>stack record</c>: makes a regression test of a workflow.</summary>
internal static class RecordCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var output = new Option<string?>("--output", "-o") { Description = "The file to write [default: ID.recording.json]", HelpName = "FILE" };
        return scope.Define(
            "record",
            "Write a workflow that ended to a file that 'stack replay --file' plays without any model",
            [reference, output],
            ["stack record last -o tests/rounding.recording.json", "stack record 0199c2a4"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                var target = parsed.GetValue(output) ?? $"{id}.recording.json";
                using var response = await session.Api.OpenRecordingAsync(id, cancellationToken);
                var bytes = await WriteAsync(session, target, response, cancellationToken);
                if (session.Output.IsJson)
                {
                    session.Output.Document(new Written(id.ToString(), session.Surroundings.PathOf(target), bytes));
                }
                else
                {
                    session.Output.Line(Styles.Plain($"Wrote {target} ({Words.OfBytes(bytes)})"));
                    Summary.Field(session.Output, "Replay", session.Propose($"replay --file {target}"));
                }

                return ExitCode.Completed;
            });
    }

    private static async Task<long> WriteAsync(Session session, string target, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var path = session.Surroundings.PathOf(target);
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            await using var file = File.Create(path);
            await response.Content.CopyToAsync(file, cancellationToken);
            return file.Length;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The file '{target}' cannot be written: {failure.Message} Name another one with -o.");
        }
    }

    private sealed record Written(string Workflow, string File, long Bytes);
}
