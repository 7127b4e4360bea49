using System.Net.Mime;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api;

/// <summary>The files of a workflow: tree, file, difference, archive.</summary>
internal static class WorkflowFiles
{
    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/workflows/{id}").WithTags("Files");
        group.MapGet("/files", TreeAsync).WithSummary("List the files").WithDescription("`ref` is a branch, a tag, a commit, or the name of a stage, whose commit it means. Without it: what counted so far.").Produces<FileTree>();
        group.MapGet("/files/{**path}", FileAsync).WithSummary("The content of a file").Produces<byte[]>(contentType: MediaTypeNames.Application.Octet);
        group.MapGet("/diff", DiffAsync).WithSummary("The difference of two commits").WithDescription("Without `from`: where the workflow began. Without `to`: what counted so far.").Produces<string>(contentType: "text/x-diff");
        group.MapGet("/archive", ArchiveAsync).WithSummary("All files as zip or tar.gz").Produces<byte[]>(contentType: "application/zip", additionalContentTypes: "application/gzip");
    }

    private static async Task<IResult> TreeAsync(string id, string? @ref, IWorkflowStore store, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        var found = await FindAsync(id, @ref, store, files, cancellationToken);
        return found.Problem ?? (IResult)TypedResults.Ok(await files.ListAsync(found.Id, found.Commit, cancellationToken));
    }

    private static async Task<IResult> FileAsync(HttpContext context, string id, string? path, string? @ref, IWorkflowStore store, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        // The server leaves an escaped slash as it is; clients that escape whole paths mean a slash.
        path = path?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase).TrimEnd('/') ?? "";
        if (!DefinitionNames.IsInsideWorkspace(path))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"path: '{path}' leaves the workspace.", "Write a path relative to the workspace, with forward slashes and without '..'.");
        }

        var found = await FindAsync(id, @ref, store, files, cancellationToken);
        if (found.Problem is { } problem)
        {
            return problem;
        }

        if (await files.FindAsync(found.Id, found.Commit, path, cancellationToken) is not { } file)
        {
            return Problem.NotFound("file", path, $"GET /api/v1/workflows/{id}/files lists the files.");
        }

        var response = context.Response;
        response.ContentType = IsText(path) ? "text/plain; charset=utf-8" : MediaTypeNames.Application.Octet;
        response.ContentLength = file.SizeBytes;
        response.Headers.ETag = $"\"{file.Hash}\"";
        Sandbox(response);
        await files.CopyFileAsync(found.Id, file, response.Body, cancellationToken);
        return Results.Empty;
    }

    private static async Task<IResult> DiffAsync(HttpContext context, string id, string? from, string? to, IWorkflowStore store, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        var target = await FindAsync(id, to, store, files, cancellationToken);
        if (target.Problem is { } problem)
        {
            return problem;
        }

        string source;
        if (from is null)
        {
            source = target.Base ?? WorkspaceFiles.EmptyTree;
        }
        else
        {
            var begin = await FindAsync(id, from, store, files, cancellationToken);
            if (begin.Problem is { } missing)
            {
                return missing;
            }

            source = begin.Commit;
        }

        context.Response.ContentType = "text/x-diff; charset=utf-8";
        Sandbox(context.Response);
        await files.CopyDiffAsync(target.Id, source, target.Commit, context.Response.Body, cancellationToken);
        return Results.Empty;
    }

    private static async Task<IResult> ArchiveAsync(HttpContext context, string id, string? format, string? @ref, IWorkflowStore store, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        format ??= "zip";
        if (format is not ("zip" or "tar.gz"))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"format: '{format}' is not one of: zip, tar.gz.");
        }

        var found = await FindAsync(id, @ref, store, files, cancellationToken);
        if (found.Problem is { } problem)
        {
            return problem;
        }

        var name = $"{found.Id}-{found.Commit[..8]}";
        context.Response.ContentType = format == "zip" ? "application/zip" : "application/gzip";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.{format}\"";
        await files.CopyArchiveAsync(found.Id, found.Commit, format, name, context.Response.Body, cancellationToken);
        return Results.Empty;
    }

    /// <summary>What was made by agents is shown, never run, in a browser that is logged in here.</summary>
    private static void Sandbox(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
    }

    private static bool IsText(string path) => Path.GetExtension(path).ToLowerInvariant() is not
        (".png" or ".jpg" or ".jpeg" or ".gif" or ".webp" or ".ico" or ".pdf" or ".zip" or ".gz" or ".tar" or ".dll" or ".exe" or ".so" or ".woff" or ".woff2" or ".ttf" or ".db" or ".bin" or ".nupkg");

    private static async Task<(WorkflowId Id, string Commit, string? Base, Problem? Problem)> FindAsync(string id, string? reference, IWorkflowStore store, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || await store.LoadAsync([workflowId], cancellationToken) is not [var workflow])
        {
            return (default, "", null, Workflows.Unknown(id));
        }

        if (reference is not null && !GitReferences.IsRevision(reference))
        {
            return (default, "", null, Problem.Of(ProblemTypes.InvalidRequest, $"ref: '{(reference.Length > 100 ? reference[..100] + "…" : reference)}' is not the name of a branch, a tag, a commit or a stage."));
        }

        var revision = reference is null ? workflow.State.HeadCommit : workflow.State.Find(reference)?.Commit ?? reference;
        if (revision is null)
        {
            return (default, "", null, Problem.Of(ProblemTypes.NotFound, $"Workflow {workflowId} has no files yet.", "They are there once a stage that has a workspace completed."));
        }

        return await files.ResolveAsync(workflowId, revision, cancellationToken) is { } commit
            ? (workflowId, commit, workflow.State.Stages.SelectMany(stage => stage.References).FirstOrDefault(moved => moved.Name == GitReferences.Base)?.Commit, null)
            : (default, "", null, Problem.NotFound("commit", revision, "Give a branch, a tag, a commit or a stage that completed."));
    }
}
