using System.Net.Http.Headers;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The orchestrator's HTTP API: one method for each route that the command uses.</summary>
internal sealed class ApiClient(Uri server, string? apiKey) : IDisposable
{
    private const string Root = "api/v1";
    private readonly ApiTransport _transport = new(server, apiKey);

    public Uri Server => server;

    public string? ApiKey => _transport.ApiKey;

    /// <summary>Submits a workflow.</summary>
    /// <returns>The workflow, and whether the key had been used before, so that nothing new was started.</returns>
    public async Task<(WorkflowResource Workflow, bool Replayed)> SubmitAsync(SubmitWorkflowRequest request, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"{Root}/workflows") { Content = ApiTransport.Json(request) };
        if (idempotencyKey is not null && !message.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey))
        {
            throw new UsageException($"'{idempotencyKey}' cannot be an idempotency key. Write letters, digits and hyphens.");
        }

        using var response = await _transport.SendAsync(message, cancellationToken);
        return (await _transport.ReadAsync<WorkflowResource>(response, cancellationToken), response.Headers.Contains("Idempotency-Replayed"));
    }

    public Task<WorkflowList> ListWorkflowsAsync(WorkflowFilter filter, int limit, string? cursor, CancellationToken cancellationToken) =>
        _transport.GetAsync<WorkflowList>(
            $"{Root}/workflows{Query(("status", filter.Status), ("type", filter.Type), ("priority", filter.Priority), ("definition", filter.Definition), ("limit", $"{limit}"), ("cursor", cursor))}",
            cancellationToken);

    public Task<WorkflowResource> GetWorkflowAsync(WorkflowId id, CancellationToken cancellationToken) =>
        _transport.GetAsync<WorkflowResource>($"{Root}/workflows/{id}", cancellationToken);

    /// <summary>Goes on; with more iterations when it had hit a limit.</summary>
    public Task<WorkflowResource> ResumeAsync(WorkflowId id, int? iterations, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/resume", ApiTransport.Json(new ResumeRequest { Iterations = iterations }), cancellationToken);

    /// <summary>Cancels or pauses.</summary>
    public Task<WorkflowResource> ControlAsync(WorkflowId id, string action, string? reason, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/{action}", ApiTransport.Json(new ReasonRequest { Reason = reason }), cancellationToken);

    public Task<WorkflowResource> RetryAsync(WorkflowId id, string? fromStage, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/retry", ApiTransport.Json(new RetryRequest { FromStage = fromStage }), cancellationToken);

    /// <summary>Makes a fork.</summary>
    public Task<WorkflowResource> ForkAsync(WorkflowId id, ForkRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/fork", ApiTransport.Json(request), cancellationToken);

    /// <summary>Makes a replay of a workflow.</summary>
    public Task<WorkflowResource> ReplayAsync(WorkflowId id, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/replay", null, cancellationToken);

    /// <summary>Makes a replay from the text of a recording.</summary>
    public Task<WorkflowResource> ReplayAsync(string recording, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/replays", new StringContent(recording, System.Text.Encoding.UTF8, "application/json"), cancellationToken);

    /// <summary>The recording of a workflow. Its bytes are not to be changed.</summary>
    public Task<HttpResponseMessage> OpenRecordingAsync(WorkflowId id, CancellationToken cancellationToken) => OpenAsync($"{Root}/workflows/{id}/recording", cancellationToken);

    /// <summary>Compares a replay with what it replays.</summary>
    public Task<ReplayComparison> CompareAsync(WorkflowId id, CancellationToken cancellationToken) => _transport.GetAsync<ReplayComparison>($"{Root}/workflows/{id}/comparison", cancellationToken);

    /// <summary>What people decided in the workflow that a replay replays, by stage.</summary>
    public Task<Dictionary<string, ApprovalDecision>> GetDecisionsAsync(WorkflowId id, CancellationToken cancellationToken) =>
        _transport.GetAsync<Dictionary<string, ApprovalDecision>>($"{Root}/workflows/{id}/decisions", cancellationToken);

    /// <summary>Approves or rejects.</summary>
    public Task<WorkflowResource> DecideAsync(WorkflowId id, string stage, string decision, DecisionRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<WorkflowResource>($"{Root}/workflows/{id}/stages/{Escape(stage)}/{decision}", ApiTransport.Json(request), cancellationToken);

    /// <summary>Questions to people, newest first.</summary>
    /// <param name="status">A status, <c>all</c>, or null for those that are open.</param>
    /// <param name="workflow">Only of this workflow. Null: of all.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cursor">Where the page before ended.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ApprovalList> ListApprovalsAsync(string? status, WorkflowId? workflow, int limit, string? cursor, CancellationToken cancellationToken) =>
        _transport.GetAsync<ApprovalList>($"{Root}/approvals{Query(("status", status), ("workflow", workflow?.ToString()), ("limit", $"{limit}"), ("cursor", cursor))}", cancellationToken);

    public Task<ApprovalResource> GetApprovalAsync(ApprovalId id, CancellationToken cancellationToken) => _transport.GetAsync<ApprovalResource>($"{Root}/approvals/{id}", cancellationToken);

    public Task<ApprovalResource> DecideAsync(ApprovalId id, ApprovalDecisionRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<ApprovalResource>($"{Root}/approvals/{id}/decision", ApiTransport.Json(request), cancellationToken);

    public Task<ApprovalLinkResource> MakeLinkAsync(ApprovalId id, ApprovalLinkRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<ApprovalLinkResource>($"{Root}/approvals/{id}/links", ApiTransport.Json(request), cancellationToken);

    /// <summary>Asks for a plan, which a model may take minutes for.</summary>
    public Task<PlanResource> PlanAsync(PlanRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<PlanResource>($"{Root}/request", ApiTransport.Json(request), TimeSpan.FromMinutes(30), cancellationToken);

    public Task<PlanResource> GetPlanAsync(WorkflowId requestId, CancellationToken cancellationToken) => _transport.GetAsync<PlanResource>($"{Root}/request/{requestId}", cancellationToken);

    public Task<EventList> ListEventsAsync(WorkflowId id, long after, int limit, CancellationToken cancellationToken) =>
        _transport.GetAsync<EventList>($"{Root}/workflows/{id}/events{Query(("after", $"{after}"), ("limit", $"{limit}"))}", cancellationToken);

    /// <summary>Opens the stream of events after one. The answer's body ends when the orchestrator ends it or the connection breaks.</summary>
    public async Task<HttpResponseMessage> OpenEventsAsync(WorkflowId id, long after, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, $"{Root}/workflows/{id}/events");
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (after > 0)
        {
            message.Headers.Add("Last-Event-ID", $"{after}");
        }

        return await _transport.SendAsync(message, cancellationToken);
    }

    public Task<HttpResponseMessage> OpenLogsAsync(WorkflowId id, string? stage, CancellationToken cancellationToken) =>
        OpenAsync($"{Root}/workflows/{id}/logs{Query(("stage", stage))}", cancellationToken);

    public Task<FileTree> ListFilesAsync(WorkflowId id, string? reference, CancellationToken cancellationToken) =>
        _transport.GetAsync<FileTree>($"{Root}/workflows/{id}/files{Query(("ref", reference))}", cancellationToken);

    public Task<HttpResponseMessage> OpenFileAsync(WorkflowId id, string path, string? reference, CancellationToken cancellationToken) =>
        OpenAsync($"{Root}/workflows/{id}/files/{string.Join('/', path.Split('/').Select(Escape))}{Query(("ref", reference))}", cancellationToken);

    /// <summary>Opens a <c>tar.gz</c> of the workflow's files at a commit.</summary>
    public Task<HttpResponseMessage> OpenArchiveAsync(WorkflowId id, string commit, CancellationToken cancellationToken) =>
        OpenAsync($"{Root}/workflows/{id}/archive{Query(("format", "tar.gz"), ("ref", commit))}", cancellationToken);

    /// <summary>What the orchestrator found when it checked the workflow's claims.</summary>
    public Task<EvidenceList> GetEvidenceAsync(WorkflowId id, CancellationToken cancellationToken) => _transport.GetAsync<EvidenceList>($"{Root}/workflows/{id}/evidence", cancellationToken);

    /// <summary>Where git finds the workflow's repository.</summary>
    public Uri RepositoryOf(WorkflowId id) => new(server, $"git/{id}.git");

    /// <summary>Where the workflow itself can be read.</summary>
    public Uri AddressOf(WorkflowId id) => new(server, $"{Root}/workflows/{id}");

    public Task<AgentList> ListAgentsAsync(CancellationToken cancellationToken) => _transport.GetAsync<AgentList>($"{Root}/agents", cancellationToken);

    public Task<DefinitionList> ListDefinitionsAsync(CancellationToken cancellationToken) => _transport.GetAsync<DefinitionList>($"{Root}/definitions", cancellationToken);

    public Task<DefinitionResource> GetDefinitionAsync(string name, CancellationToken cancellationToken) =>
        _transport.GetAsync<DefinitionResource>($"{Root}/definitions/{Escape(name)}", cancellationToken);

    public Task<DefinitionResource> ApplyDefinitionAsync(DefinitionText text, CancellationToken cancellationToken) =>
        _transport.PostAsync<DefinitionResource>($"{Root}/definitions", text.ToContent(), cancellationToken);

    public Task<DefinitionValidation> ValidateDefinitionAsync(DefinitionText text, CancellationToken cancellationToken) =>
        _transport.PostAsync<DefinitionValidation>($"{Root}/definitions/validate", text.ToContent(), cancellationToken);

    /// <summary>The tasks of an agent type, newest first.</summary>
    public Task<TaskList> ListTasksAsync(string agentType, string? status, int limit, string? cursor, CancellationToken cancellationToken) =>
        _transport.GetAsync<TaskList>($"{Root}/tasks{Query(("agent_type", agentType), ("status", status), ("limit", $"{limit}"), ("cursor", cursor))}", cancellationToken);

    public Task<TaskResource> GetTaskAsync(TaskId id, CancellationToken cancellationToken) => _transport.GetAsync<TaskResource>($"{Root}/tasks/{id}", cancellationToken);

    /// <summary>The events of all workflows.</summary>
    /// <param name="after">The id of an event, or <c>latest</c>.</param>
    /// <param name="limit">At most this many; 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<EventList> ListEventsAsync(string after, int limit, CancellationToken cancellationToken) =>
        _transport.GetAsync<EventList>($"{Root}/events{Query(("after", after), ("limit", $"{limit}"))}", cancellationToken);

    /// <summary>How the orchestrator and what it relies on are; also when that is not well.</summary>
    public Task<HealthView> GetHealthAsync(CancellationToken cancellationToken) => _transport.GetWithAnyStatusAsync<HealthView>($"{Root}/health", cancellationToken);

    /// <summary>What the orchestrator is and has to do.</summary>
    public Task<InstanceView> GetInstanceAsync(CancellationToken cancellationToken) => _transport.GetAsync<InstanceView>($"{Root}/info", cancellationToken);

    public Task<DeploymentList> ListDeploymentsAsync(CancellationToken cancellationToken) => _transport.GetAsync<DeploymentList>($"{Root}/deployments", cancellationToken);

    public Task<DeploymentResource> GetDeploymentAsync(string name, CancellationToken cancellationToken) =>
        _transport.GetAsync<DeploymentResource>($"{Root}/deployments/{Escape(name)}", cancellationToken);

    /// <summary>Asks for a deployment to be stopped or started.</summary>
    public Task<DeploymentResource> ControlDeploymentAsync(string name, string action, CancellationToken cancellationToken) =>
        _transport.PostAsync<DeploymentResource>($"{Root}/deployments/{Escape(name)}/{action}", null, cancellationToken);

    /// <summary>The models, aliases and providers.</summary>
    public Task<ModelOverview> ListModelsAsync(CancellationToken cancellationToken) => _transport.GetAsync<ModelOverview>($"{Root}/models", cancellationToken);

    /// <summary>Finds out what a model can do by asking it.</summary>
    public Task<ModelResource> ProbeModelAsync(ProbeRequest request, CancellationToken cancellationToken) => _transport.PostAsync<ModelResource>($"{Root}/models/probe", ApiTransport.Json(request), cancellationToken);

    /// <summary>What calls of models cost.</summary>
    public Task<UsageList> ListUsageAsync(string? workflow, string? prefix, CancellationToken cancellationToken) =>
        _transport.GetAsync<UsageList>($"{Root}/usage{Query(("workflow", workflow), ("prefix", prefix))}", cancellationToken);

    public Task<DeadLetterList> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        _transport.GetAsync<DeadLetterList>($"{Root}/dead-letters{Query(("limit", $"{limit}"))}", cancellationToken);

    public Task<DeadLetterResource> GetDeadLetterAsync(string id, CancellationToken cancellationToken) =>
        _transport.GetAsync<DeadLetterResource>($"{Root}/dead-letters/{Escape(id)}", cancellationToken);

    /// <summary>Replays or discards a dead letter.</summary>
    public Task<DeadLetterResource> ControlDeadLetterAsync(string id, string action, CancellationToken cancellationToken) =>
        _transport.PostAsync<DeadLetterResource>($"{Root}/dead-letters/{Escape(id)}/{action}", null, cancellationToken);

    /// <summary>How long ended workflows are kept, and which would go.</summary>
    /// <param name="endedBefore">Which would go if those went that ended before this time. Null: the period that is set.</param>
    /// <param name="limit">How many of them to describe; 1 to 500.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<RetentionResource> GetRetentionAsync(DateTimeOffset? endedBefore, int limit, CancellationToken cancellationToken) =>
        _transport.GetAsync<RetentionResource>($"{Root}/retention{Query(("ended_before", endedBefore is { } time ? Words.Exactly(time) : null), ("limit", $"{limit}"))}", cancellationToken);

    /// <summary>Removes ended workflows, which takes as long as there are files to remove.</summary>
    public Task<PruneResource> PruneAsync(PruneRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync<PruneResource>($"{Root}/retention/prune", ApiTransport.Json(request), TimeSpan.FromMinutes(10), cancellationToken);

    /// <summary>The orchestrator's version.</summary>
    public async Task<string> GetVersionAsync(CancellationToken cancellationToken)
    {
        var answer = await _transport.GetAsync<JsonElement>($"{Root}/info", cancellationToken);
        return JsonText.Find(answer, "version") ?? "unknown";
    }

    public void Dispose() => _transport.Dispose();

    private Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) =>
        _transport.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static string Query(params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(parameter => parameter.Value is not null).Select(parameter => $"{parameter.Name}={Escape(parameter.Value!)}").ToArray();
        return given.Length == 0 ? "" : $"?{string.Join('&', given)}";
    }
}
