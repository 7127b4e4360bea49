using System.CommandLine;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary><c>stack files</c>: what a workflow made.</summary>
internal static class FilesCommand
{
    public static Command Create(CommandScope scope)
    {
        var reference = SharedSymbols.Workflow();
        var path = new Argument<string?>("path") { Description = "Print this file instead of the list", Arity = ArgumentArity.ZeroOrOne };
        var folder = new Option<string?>("--output", "-o") { Description = "Write the files to a new folder: a git repository whose log has a commit for each stage", HelpName = "DIR" };
        var commit = new Option<string?>("--ref") { Description = "A commit, a branch, a tag or a stage, whose commit it means [default: what counted so far]", HelpName = "REF" };
        return scope.Define(
            "files",
            "List, print or write the files that a workflow made",
            [reference, path, folder, commit],
            ["stack files last", "stack files last README.md", "stack files last -o calculator && git -C calculator log --oneline"],
            async (session, parsed, cancellationToken) =>
            {
                var id = await WorkflowLookup.FindAsync(session, parsed.GetRequiredValue(reference), cancellationToken);
                switch (parsed.GetValue(path), parsed.GetValue(folder))
                {
                    case (null, { } target):
                        await WriteAsync(session, id, target, parsed.GetValue(commit), cancellationToken);
                        break;
                    case ({ } file, null):
                        await PrintAsync(session, id, file, parsed.GetValue(commit), cancellationToken);
                        break;
                    case (null, null):
                        WriteList(session.Output, await session.Api.ListFilesAsync(id, parsed.GetValue(commit), cancellationToken));
                        break;
                    default:
                        throw new UsageException("Name a file to print, or a folder to write to with -o, not both.");
                }

                return ExitCode.Completed;
            });
    }

    private static async Task PrintAsync(Session session, WorkflowId id, string path, string? commit, CancellationToken cancellationToken)
    {
        using var response = await session.Api.OpenFileAsync(id, path, commit, cancellationToken);
        await session.Surroundings.Out.FlushAsync(cancellationToken);
        await using var output = session.Surroundings.OpenOut();
        await response.Content.CopyToAsync(output, cancellationToken);
    }

    private static void WriteList(Output output, FileTree tree)
    {
        if (output.IsJson)
        {
            output.Document(tree);
            return;
        }

        var table = new ResultTable("SIZE", "PATH");
        foreach (var file in tree.Files.Where(entry => entry.Type == "file"))
        {
            table.Add(new Cell(Words.OfBytes(file.SizeBytes ?? 0), "grey"), file.Path);
        }

        table.Write(output);
        output.Note($"{tree.Files.Count(entry => entry.Type == "file")} files at commit {tree.Commit[..Math.Min(8, tree.Commit.Length)]}");
    }

    private static async Task WriteAsync(Session session, WorkflowId id, string target, string? commit, CancellationToken cancellationToken)
    {
        var folder = Path.TrimEndingDirectorySeparator(session.Surroundings.PathOf(target));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new UsageException($"'{target}' exists and is not empty. Name a new folder.");
        }

        // Asked first: a workflow without files is refused here, in words.
        var tree = await session.Api.ListFilesAsync(id, commit, cancellationToken);
        var hasLog = await GitCheckout.TryCloneAsync(session, id, folder, commit is null ? null : tree.Commit, cancellationToken);
        if (!hasLog)
        {
            await ArchiveCheckout.ExtractAsync(session, id, tree.Commit, folder, cancellationToken);
        }

        var written = new Written(folder, tree.Commit, hasLog);
        if (session.Output.IsJson)
        {
            session.Output.Document(written);
            return;
        }

        session.Output.Line(Styles.Plain($"Wrote {tree.Files.Count(entry => entry.Type == "file")} files to {target}"));
        if (hasLog)
        {
            Summary.Field(session.Output, "Log", $"git -C {target} log --oneline");
        }
    }

    private sealed record Written(string Folder, string Commit, bool GitRepository);
}
