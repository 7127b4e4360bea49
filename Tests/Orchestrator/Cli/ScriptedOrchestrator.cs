using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

/// <summary>
/// A scripted orchestrator: it speaks the HTTP API's routes with the contracts' types on a loopback port and answers what a test told it. It is no engine: nothing happens by itself.
/// The end-to-end tests run the same commands against the real one.
/// </summary>
internal sealed class ScriptedOrchestrator : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ProblemResource> _refusals = new();
    private readonly List<EventResource> _events = [];
    private readonly Lock _gate = new();
    private WebApplication? _app;
    private TaskCompletionSource _changed = new();

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    public ConcurrentQueue<RecordedRequest> Requests { get; } = new();

    /// <summary>Newest first.</summary>
    public List<WorkflowResource> Workflows { get; } = [];

    public List<DeploymentResource> Deployments { get; } = [];

    public List<AgentResource> Agents { get; } = [];

    public List<DeadLetterResource> DeadLetters { get; } = [];

    /// <summary>Workflows that ended, whatever time is asked about.</summary>
    public List<EndedWorkflow> Ended { get; } = [];

    /// <summary>How long it keeps them, as seen from <see cref="Scripts.Start"/>. Null: for ever.</summary>
    public TimeSpan? RetentionPeriod { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Called when some are to be removed, before they are.</summary>
    public Action? OnPrune { get; set; }

    public List<DefinitionResource> Definitions { get; } = [];

    public List<DefinitionProblem> Problems { get; } = [];

    public FileTree? Files { get; set; }

    public EvidenceList? Evidence { get; set; }

    public byte[] Archive { get; set; } = [];

    /// <summary>A folder with bare repositories, served as plain files.</summary>
    public string? Repositories { get; set; }

    /// <summary>Breaks the next event connections after so many events each.</summary>
    public ConcurrentQueue<int> BreakAfter { get; } = new();

    /// <summary>Sends every event on every connection, whatever the client has seen.</summary>
    public bool ForgetsLastEventId { get; set; }

    /// <summary>What a submission becomes. It is put in front unless the script did so itself.</summary>
    public Func<SubmitWorkflowRequest, WorkflowResource>? OnSubmit { get; set; }

    /// <summary>What a person's request makes of a workflow.</summary>
    public Func<string, WorkflowResource, WorkflowResource> OnAction { get; set; } = (_, workflow) => workflow;

    public static async Task<ScriptedOrchestrator> StartAsync()
    {
        var orchestrator = new ScriptedOrchestrator();
        await orchestrator.StartAgainAsync();
        return orchestrator;
    }

    /// <summary>Listens, after a stop on the same port again.</summary>
    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.AbsoluteUri).UseSetting(WebHostDefaults.SuppressStatusMessagesKey, "true");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.Single());
    }

    /// <summary>Ends every connection and listens no more.</summary>
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app!.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Refuses requests, for example <c>GET /api/v1/workflows</c>.</summary>
    public void Refuse(string request, ProblemResource problem) => _refusals[request] = problem;

    /// <summary>Refuses them no more.</summary>
    public void Allow(string request) => _refusals.TryRemove(request, out _);

    /// <summary>Requests that are to come again in a second, once for each entry.</summary>
    public ConcurrentQueue<string> Busy { get; } = new();

    /// <summary>Puts a workflow in front, or replaces it.</summary>
    public void Put(WorkflowResource workflow)
    {
        lock (_gate)
        {
            var index = Workflows.FindIndex(candidate => candidate.Id == workflow.Id);
            if (index < 0)
            {
                Workflows.Insert(0, workflow);
            }
            else
            {
                Workflows[index] = workflow;
            }
        }

        Wake();
    }

    /// <summary>Appends an event.</summary>
    public void Append(WorkflowId id, string type, string? stage = null, int? attempt = null, object? data = null)
    {
        lock (_gate)
        {
            _events.Add(new EventResource
            {
                Id = _events.Count + 1,
                WorkflowId = id,
                Type = type,
                Stage = stage,
                Attempt = attempt,
                At = Scripts.Start.AddSeconds(_events.Count),
                Data = data is null ? null : JsonPayload.From(data),
            });
        }

        Wake();
    }

    public WorkflowResource Find(WorkflowId id)
    {
        lock (_gate)
        {
            return Workflows.Single(workflow => workflow.Id == id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await StopAsync();
        }
    }

    private void Wake() => Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var path = context.Request.Path.Value!;
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Requests.Enqueue(new RecordedRequest(context.Request.Method, path, context.Request.QueryString.Value ?? "", body, headers));
        if (Busy.TryPeek(out var busy) && busy == $"{context.Request.Method} {path}" && Busy.TryDequeue(out _))
        {
            context.Response.Headers.RetryAfter = "1";
            await WriteAsync(context, Scripts.Problem(429, "Too much at once.", "Try again."), 429, "application/problem+json");
            return;
        }

        if (_refusals.TryGetValue($"{context.Request.Method} {path}", out var problem))
        {
            await WriteAsync(context, problem, problem.Status, "application/problem+json");
            return;
        }

        var parts = path.Trim('/').Split('/');
        await (parts switch
        {
            ["api", "v1", "workflows", .. var rest] => AnswerWorkflowsAsync(context, rest, body),
            ["api", "v1", "agents"] => WriteAsync(context, new AgentList(Agents)),
            ["api", "v1", "definitions", .. var rest] => AnswerDefinitionsAsync(context, rest),
            ["api", "v1", "deployments", .. var rest] => AnswerDeploymentsAsync(context, rest),
            ["api", "v1", "dead-letters"] => WriteAsync(context, new DeadLetterList(DeadLetters)),
            ["api", "v1", "dead-letters", var id, ..] => DeadLetters.Find(letter => letter.Id == id) is { } letter ? WriteAsync(context, letter) : NotFoundAsync(context, $"There is no dead letter '{id}'."),
            ["api", "v1", "retention"] => ShowRetentionAsync(context),
            ["api", "v1", "retention", "prune"] => PruneAsync(context, body),
            ["api", "v1", "info"] => WriteAsync(context, new { version = "9.9.9" }),
            ["git", .. var rest] when Repositories is not null => SendFileAsync(context, Path.Combine([Repositories, .. rest])),
            _ => NotFoundAsync(context),
        });
    }

    private async Task AnswerWorkflowsAsync(HttpContext context, string[] rest, string body)
    {
        if (rest.Length == 0)
        {
            await (context.Request.Method == "POST" ? SubmitAsync(context, body) : ListAsync(context));
            return;
        }

        var id = WorkflowId.Parse(rest[0], CultureInfo.InvariantCulture);
        if (Workflows.All(workflow => workflow.Id != id))
        {
            await NotFoundAsync(context, $"There is no workflow {id}.");
            return;
        }

        await (rest[1..] switch
        {
            [] => WriteAsync(context, Find(id)),
            ["events"] when context.Request.Headers.Accept.Contains("text/event-stream") => StreamAsync(context, id),
            ["events"] => WriteAsync(context, new EventList { Events = [.. After(id, long.Parse(context.Request.Query["after"]!, CultureInfo.InvariantCulture)).Take(int.Parse(context.Request.Query["limit"]!, CultureInfo.InvariantCulture))] }),
            ["logs"] => context.Response.WriteAsync($"2026-01-01T00:00:00Z validation#1 all good {context.Request.Query["stage"]}\n"),
            ["evidence"] when Evidence is not null => WriteAsync(context, Evidence),
            ["files"] when Files is not null => WriteAsync(context, Files),
            ["files", .. var path] when Files is not null => context.Response.WriteAsync($"content of {string.Join('/', path)}\n"),
            ["archive"] => context.Response.Body.WriteAsync(Archive).AsTask(),
            ["cancel" or "pause" or "resume" or "retry"] => ActAsync(context, rest[1], id),
            ["stages", var stage, "approve" or "reject"] => ActAsync(context, $"{rest[3]} {stage}", id),
            _ => NotFoundAsync(context),
        });
    }

    private async Task SubmitAsync(HttpContext context, string body)
    {
        var known = Workflows.Select(workflow => workflow.Id).ToHashSet();
        var workflow = OnSubmit!(JsonSerializer.Deserialize<SubmitWorkflowRequest>(body, StackJson.Options)!);
        if (Workflows.All(candidate => candidate.Id != workflow.Id))
        {
            Put(workflow);
        }

        var isReplayed = known.Contains(workflow.Id);
        if (isReplayed)
        {
            context.Response.Headers["Idempotency-Replayed"] = "true";
        }

        await WriteAsync(context, workflow, isReplayed ? 200 : 201);
    }

    private async Task ListAsync(HttpContext context)
    {
        var limit = int.Parse(context.Request.Query["limit"]!, CultureInfo.InvariantCulture);
        var skipped = context.Request.Query["cursor"].Count == 0 ? 0 : int.Parse(context.Request.Query["cursor"]!, CultureInfo.InvariantCulture);
        var page = Workflows.Skip(skipped).Take(limit).ToArray();
        var next = skipped + page.Length;
        await WriteAsync(context, new WorkflowList { Workflows = page, NextCursor = next < Workflows.Count ? $"{next}" : null });
    }

    private async Task ActAsync(HttpContext context, string action, WorkflowId id)
    {
        Put(OnAction(action, Find(id)));
        await WriteAsync(context, Find(id));
    }

    private Task ShowRetentionAsync(HttpContext context)
    {
        var before = DateTimeOffset.TryParse(context.Request.Query["ended_before"], CultureInfo.InvariantCulture, out var asked) ? asked : Scripts.Start - RetentionPeriod;
        var limit = int.Parse(context.Request.Query["limit"]!, CultureInfo.InvariantCulture);
        return WriteAsync(context, new RetentionResource { Period = RetentionPeriod, EndedBefore = before, Count = Ended.Count, More = false, Workflows = [.. Ended.Take(limit)] });
    }

    private async Task PruneAsync(HttpContext context, string body)
    {
        var request = JsonSerializer.Deserialize<PruneRequest>(body, StackJson.Options)!;
        OnPrune?.Invoke();
        var gone = Ended.Take(request.Limit).Select(workflow => workflow.Id).ToList();
        Ended.RemoveRange(0, gone.Count);
        await WriteAsync(context, new PruneResource { EndedBefore = request.EndedBefore!.Value, DryRun = false, Count = gone.Count, More = Ended.Count > 0, WorkflowIds = gone });
    }

    private async Task AnswerDefinitionsAsync(HttpContext context, string[] rest)
    {
        switch (rest)
        {
            case [] when context.Request.Method == "GET":
                await WriteAsync(context, new DefinitionList(Definitions));
                break;
            case ["validate"]:
                await WriteAsync(context, new DefinitionValidation(Problems.Count == 0, Problems));
                break;
            case [] when Problems.Count > 0:
                await WriteAsync(context, Scripts.Problem(422, "The definition has problems") with { Problems = Problems }, 422, "application/problem+json");
                break;
            case []:
                await WriteAsync(context, Definitions[0], 201);
                break;
            default:
                await (Definitions.FirstOrDefault(definition => definition.Name == rest[0]) is { } found ? WriteAsync(context, found) : NotFoundAsync(context));
                break;
        }
    }

    private async Task AnswerDeploymentsAsync(HttpContext context, string[] rest)
    {
        if (rest.Length == 0)
        {
            await WriteAsync(context, new DeploymentList(Deployments));
            return;
        }

        var index = Deployments.FindIndex(deployment => deployment.Name == rest[0]);
        if (index < 0)
        {
            await NotFoundAsync(context, $"There is no deployment '{rest[0]}'.");
            return;
        }

        var deployment = Deployments[index];
        if (rest.Length == 2)
        {
            Deployments[index] = deployment with { Desired = rest[1] == "stop" ? DesiredState.Stopped : DesiredState.Running };
        }
        else if (Deployments[index].Desired == DesiredState.Stopped)
        {
            // Its agent has acted by the time that somebody looks.
            Deployments[index] = deployment with { Status = DeploymentStatus.Stopped, Url = null };
        }

        await WriteAsync(context, Deployments[index]);
    }

    private async Task StreamAsync(HttpContext context, WorkflowId id)
    {
        var last = !ForgetsLastEventId && context.Request.Headers.TryGetValue("Last-Event-ID", out var seen) ? long.Parse(seen!, CultureInfo.InvariantCulture) : 0;
        var left = BreakAfter.TryDequeue(out var limit) ? limit : int.MaxValue;
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(": hello\n\n");
        await context.Response.Body.FlushAsync();
        while (!context.RequestAborted.IsCancellationRequested)
        {
            var changed = _changed.Task;
            foreach (var happened in After(id, last))
            {
                if (left-- == 0)
                {
                    // In the middle of an event, as a crash would have it.
                    await context.Response.WriteAsync($"id: {happened.Id}\nevent: {happened.Type}\nda");
                    await context.Response.Body.FlushAsync();
                    context.Abort();
                    return;
                }

                last = happened.Id;
                await context.Response.WriteAsync($"id: {happened.Id}\nevent: {happened.Type}\ndata: {JsonSerializer.Serialize(happened, StackJson.Options)}\n\n");
            }

            await context.Response.Body.FlushAsync();
            if (Stack.Cli.WorkflowFollower.IsTerminal(Find(id).Status) && After(id, last).Count == 0)
            {
                return;
            }

            await Task.WhenAny(changed, Task.Delay(Timeout.Infinite, context.RequestAborted));
        }
    }

    private List<EventResource> After(WorkflowId id, long last)
    {
        lock (_gate)
        {
            return [.. _events.Where(happened => happened.WorkflowId == id && happened.Id > last)];
        }
    }

    private static async Task SendFileAsync(HttpContext context, string file)
    {
        if (!File.Exists(file))
        {
            context.Response.StatusCode = 404;
            return;
        }

        await context.Response.SendFileAsync(file);
    }

    private static Task NotFoundAsync(HttpContext context, string detail = "There is no such thing.") =>
        WriteAsync(context, Scripts.Problem(404, "Not found", detail), 404, "application/problem+json");

    private static async Task WriteAsync<T>(HttpContext context, T value, int status = 200, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, StackJson.Options));
    }
}

/// <summary>A request as it came.</summary>
internal sealed record RecordedRequest(string Method, string Path, string Query, string Body, IReadOnlyDictionary<string, string> Headers);
