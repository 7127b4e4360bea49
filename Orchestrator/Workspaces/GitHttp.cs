using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Git's smart HTTP protocol: clone and fetch for everyone who may read, push of attempt branches for agents. See gitprotocol-http(5).</summary>
internal static class GitHttp
{
    private const string UploadPack = "git-upload-pack";
    private const string ReceivePack = "git-receive-pack";

    public static void MapGit(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/git/{id}.git").WithTags("Git").ExcludeFromDescription();
        group.MapGet("/info/refs", AdvertiseAsync).Require(Scope.Read).ChallengeBasic();
        group.MapPost("/" + UploadPack, FetchAsync).Require(Scope.Read).ChallengeBasic().LimitBody(16 * 1024 * 1024);
        // Git itself limits the pack that it unpacks.
        group.MapPost("/" + ReceivePack, PushAsync).Require(Scope.Agent).ChallengeBasic().LimitBody(null);
    }

    private static async Task<IResult> AdvertiseAsync(HttpContext context, string id, string? service, GitCommand git, GitRepositories repositories, CancellationToken cancellationToken)
    {
        if (service is not (UploadPack or ReceivePack))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, "Only git's smart protocol is spoken here.", "Use git 2.0 or newer.");
        }

        if (service == ReceivePack && !Caller.Of(context).May(Scope.Agent))
        {
            return AccessCheck.Refusal(context, Scope.Agent);
        }

        if (Find(id, repositories) is not { } path)
        {
            return NoRepository(id);
        }

        var protocol = Protocol(context.Request);
        Answer(context.Response, $"application/x-{service}-advertisement");
        if (service == ReceivePack || !protocol.Contains("version=2", StringComparison.Ordinal))
        {
            using var head = new MemoryStream();
            PacketLine.Append(head, $"# service={service}\n");
            head.Write(PacketLine.Flush);
            await context.Response.Body.WriteAsync(head.ToArray(), cancellationToken);
        }

        using var process = git.Start(null, [.. Options(service, 0), service[4..], "--stateless-rpc", "--http-backend-info-refs", path], Variables(service, protocol));
        process.StandardInput.Close();
        await PumpAsync(process, null, default, context, cancellationToken);
        return Results.Empty;
    }

    private static async Task<IResult> FetchAsync(HttpContext context, string id, GitCommand git, GitRepositories repositories, CancellationToken cancellationToken)
    {
        if (Find(id, repositories) is not { } path)
        {
            return NoRepository(id);
        }

        await using var body = Body(context.Request);
        Answer(context.Response, $"application/x-{UploadPack}-result");
        using var process = git.Start(null, [.. Options(UploadPack, 0), "upload-pack", "--stateless-rpc", path], Variables(UploadPack, Protocol(context.Request)));
        await PumpAsync(process, body, default, context, cancellationToken);
        return Results.Empty;
    }

    private static async Task<IResult> PushAsync(HttpContext context, string id, GitCommand git, GitRepositories repositories, IOptions<WorkspaceOptions> options, CancellationToken cancellationToken)
    {
        if (Find(id, repositories) is not { } path)
        {
            return NoRepository(id);
        }

        await using var body = Body(context.Request);
        if (await PushCommands.ReadAsync(body, cancellationToken) is not { } push)
        {
            return Problem.Of(ProblemTypes.MalformedBody, "The body is not a push.", "Use git push.");
        }

        Answer(context.Response, $"application/x-{ReceivePack}-result");
        if (!push.Allowed)
        {
            await body.CopyToAsync(Stream.Null, cancellationToken);
            await context.Response.Body.WriteAsync(push.Refuse(), cancellationToken);
            return Results.Empty;
        }

        using var process = git.Start(null, [.. Options(ReceivePack, options.Value.MaxPushMegabytes), "receive-pack", "--stateless-rpc", path], Variables(ReceivePack, ""));
        await PumpAsync(process, body, push.Bytes, context, cancellationToken);
        return Results.Empty;
    }

    private static string? Find(string id, GitRepositories repositories) =>
        WorkflowId.TryParse(id, null, out var workflow) && repositories.Exists(workflow) ? repositories.PathOf(workflow) : null;

    private static Problem NoRepository(string id) =>
        Problem.Of(ProblemTypes.NotFound, $"There is no repository of a workflow '{id}'.", "A repository exists once the initialization stage has begun.");

    private static string[] Options(string service, int maxPushMegabytes) => service == UploadPack
        ? ["-c", "transfer.hideRefs=refs/stack", "-c", "uploadpack.hideRefs=refs/heads/attempts", "-c", "uploadpack.allowAnySHA1InWant=true"]
        : ["-c", "transfer.hideRefs=refs/stack", "-c", "receive.fsckObjects=true", "-c", "receive.denyDeletes=true", "-c", "receive.autogc=false", "-c", string.Create(CultureInfo.InvariantCulture, $"receive.maxInputSize={(long)maxPushMegabytes << 20}")];

    private static Dictionary<string, string> Variables(string service, string protocol) => service == UploadPack && protocol.Length > 0
        ? new() { ["GIT_PROTOCOL"] = protocol }
        : [];

    private static string Protocol(HttpRequest request)
    {
        var text = request.Headers["Git-Protocol"].ToString();
        return text.Length <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '=' or ':' or '.' or '-') ? text : "";
    }

    private static void Answer(HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache, max-age=0, must-revalidate";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    private static Stream Body(HttpRequest request) =>
        request.Headers.ContentEncoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;

    private static async Task PumpAsync(Process process, Stream? body, ReadOnlyMemory<byte> prefix, HttpContext context, CancellationToken cancellationToken)
    {
        try
        {
            var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, cancellationToken);
            var input = body is null ? Task.CompletedTask : FeedAsync(process, body, prefix, cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(context.Response.Body, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            await errors;
            await input;
        }
        finally
        {
            GitCommand.End(process);
        }
    }

    private static async Task FeedAsync(Process process, Stream body, ReadOnlyMemory<byte> prefix, CancellationToken cancellationToken)
    {
        try
        {
            var input = process.StandardInput.BaseStream;
            await input.WriteAsync(prefix, cancellationToken);
            await body.CopyToAsync(input, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException) when (process.HasExited)
        {
            // Git refused before it had read everything; its answer says why.
        }
    }
}
