using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Stack.Agents.Runtime;
using Stack.Agents.Tools;
using Stack.Contracts;
using Stack.Orchestrator.Gateway;
using Stack.Tests.Agents.Runtime;

namespace Stack.Tests.Agents;

/// <summary>
/// A workflow's repository, and attempts of real agents on it: each gets a clone, as from the runtime, and what counts moves the repository, as the orchestrator moves it.
/// The gateway is the real one.
/// </summary>
internal sealed class AgentBench : IAsyncDisposable
{
    private readonly ProcessEnvironment _environment;
    private readonly ProcessTool _processes;
    private readonly GitTool _git;
    private readonly WorkflowId _workflow = WorkflowId.New(TimeProvider.System);
    // Ending a tool ends every process of its owner, on the whole machine: no two benches may share one.
    private readonly string _owner = $"bench-{Guid.CreateVersion7():n}";
    private readonly HttpClient _client = new();
    private WebApplication? _gateway;
    private int _attempts;

    private AgentBench()
    {
        _environment = new ProcessEnvironment(Folder.At("home"), Environment.GetEnvironmentVariables());
        _processes = new ProcessTool(_environment, $"{_owner}/git/", Folder.Path, Folder.At("t"), TimeProvider.System);
        _git = new GitTool(_processes, "bench");
    }

    internal TemporaryFolder Folder { get; } = new();

    internal InMemoryTaskFeed Feed { get; } = new();

    internal string Origin => Folder.At("origin.git");

    /// <summary>The gateway's file. Null: there is none, and only the generator of templates answers.</summary>
    internal string? GatewayYaml { get; init; }

    internal WorkflowId Workflow => _workflow;

    /// <summary>The steps that calls of models belonged to.</summary>
    internal List<string> Steps { get; } = [];

    /// <summary>Calls to the gateway so far.</summary>
    internal int ModelCalls { get; private set; }

    /// <summary>Makes the repository: one commit with some files on both branches.</summary>
    internal static Task<AgentBench> CreateAsync(params (string Path, string Content)[] files) => CreateAsync(gatewayYaml: null, files);

    /// <summary>The same with a gateway that has a file.</summary>
    internal static async Task<AgentBench> CreateAsync(string? gatewayYaml, params (string Path, string Content)[] files)
    {
        var bench = new AgentBench { GatewayYaml = gatewayYaml };
        await bench._git.RequireAsync(bench.Folder.Path, ["init", "--quiet", "--bare", "--initial-branch=main", bench.Origin], access: null, CancellationToken.None);
        await bench.CommitAsync("work", [("README.md", "begin\n"), .. files]);
        await bench.GitAsync("branch", "main", "work");
        return bench;
    }

    /// <summary>Commits files to a branch of the repository. Content null removes the file; a path under a folder <c>.bin</c> becomes executable.</summary>
    internal async Task CommitAsync(string branch, params (string Path, string? Content)[] files)
    {
        var clone = Folder.At($"edit-{++_attempts}");
        var exists = (await _git.RunAsync(Origin, ["rev-parse", "--verify", "--quiet", branch], access: null, CancellationToken.None)).Succeeded;
        await RequireAsync(Folder.Path, exists ? ["clone", "--quiet", "--branch", branch, Origin, clone] : ["clone", "--quiet", Origin, clone]);
        foreach (var (path, content) in files)
        {
            if (content is null)
            {
                File.Delete(Path.Combine(clone, path));
                continue;
            }

            var file = Folder.Write(Path.Combine(clone, path), content);
            if (path.Contains("/.bin/", StringComparison.Ordinal) && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        await RequireAsync(clone, ["add", "--all", "--force"]);
        await RequireAsync(clone, ["commit", "--quiet", "--message", $"Change {string.Join(", ", files.Select(file => file.Path))}"]);
        await RequireAsync(clone, ["push", "--quiet", "origin", $"HEAD:refs/heads/{branch}"]);
        Folders.Remove(clone);
    }

    /// <summary>Runs git on the repository.</summary>
    internal Task<string> GitAsync(params string[] arguments) => RequireAsync(Origin, arguments);

    /// <summary>Makes an attempt. When it completes, what it pushed counts.</summary>
    internal async Task<BenchAttempt> RunAsync(IAgent agent, string? with = null, string requirements = "A calculator", string workflowName = "calculator", Func<TaskEnvelope, TaskEnvelope>? change = null)
    {
        var task = await TaskAsync(agent, with, requirements, workflowName);
        task = change?.Invoke(task) ?? task;
        var place = Folder.At($"a{task.TaskId.Attempt}");
        await using var workspace = await Workspace.OpenAsync(_git, task, Path.Combine(place, "workspace"), new Uri("http://127.0.0.1:1"), token: null, CancellationToken.None);
        await using var processes = new ProcessTool(_environment, $"{_owner}/{task.TaskId}/", workspace.Directory, Path.Combine(place, "t"), TimeProvider.System);
        var context = await ContextAsync(task, workspace, processes, Path.Combine(place, "t"));
        try
        {
            var outcome = await OutcomeAsync(agent, context);
            var commit = await workspace.PushAsync(CancellationToken.None);
            var result = context.ToResult(outcome, commit, DateTimeOffset.UtcNow, TimeSpan.Zero);
            await CountAsync(result);
            return new BenchAttempt(outcome, result);
        }
        finally
        {
            Folders.Remove(place);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _processes.DisposeAsync();
        _client.Dispose();
        Folder.Dispose();
    }

    private static async Task<StageOutcome> OutcomeAsync(IAgent agent, AgentContext context)
    {
        try
        {
            return await agent.ExecuteAsync(context, CancellationToken.None);
        }
        catch (Exception failure) when (failure is AgentFailure or ProgramMissingException)
        {
            return new StageOutcome.Failed { Error = FailureClassifier.Classify(failure) };
        }
    }

    private async Task<TaskEnvelope> TaskAsync(IAgent agent, string? with, string requirements, string workflowName)
    {
        var attempt = ++_attempts;
        return new TaskEnvelope
        {
            TaskId = new TaskId(_workflow, agent.Type, attempt),
            AgentType = agent.Type,
            CreatedAt = DateTimeOffset.UtcNow,
            Deadline = DateTimeOffset.UtcNow.AddMinutes(10),
            LeaseMs = 15_000,
            MaxIterations = IterationClass.Default,
            Payload = with is null ? null : JsonPayload.Parse(with),
            WorkflowContext = new WorkflowContext { WorkflowType = "app", WorkflowName = workflowName, Definition = "app", CurrentStage = agent.Type, Requirements = requirements },
            Workspace = new WorkspaceReference
            {
                Url = "/git/x.git",
                Path = Origin,
                Branch = "work",
                BaseCommit = await GitAsync("rev-parse", "work"),
                AttemptBranch = $"attempts/{agent.Type}/{attempt}",
            },
        };
    }

    private async Task<AgentContext> ContextAsync(TaskEnvelope task, Workspace workspace, ProcessTool processes, string scratch)
    {
        AgentContext? context = null;
        var chat = await ChatAsync(task.TaskId, usage => context?.AddUsage(usage));
        return context = new AgentContext
        {
            Task = task,
            AgentId = new AgentId($"{task.AgentType}-00000001"),
            Processes = processes,
            Chat = chat,
            Orchestrator = _client,
            Http = _client,
            DataDirectory = Folder.At("shared"),
            ScratchDirectory = Directory.CreateDirectory(scratch).FullName,
            Time = TimeProvider.System,
            OptionalWorkspace = workspace,
            Feed = Feed,
            Status = new StatusBuffer(task, new AgentId($"{task.AgentType}-00000001"), TimeProvider.System, _ => { }),
        };
    }

    private async Task<IChatClient> ChatAsync(TaskId task, Action<Usage> used)
    {
        if (_gateway is null)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            if (GatewayYaml is not null)
            {
                builder.Configuration["Stack:Gateway:File"] = Folder.Write("gateway.yaml", GatewayYaml);
            }

            builder.AddGateway();
            _gateway = builder.Build();
            _gateway.Use((http, next) =>
            {
                Steps.AddRange(http.Request.Headers["Stack-Step"].OfType<string>());
                return next(http);
            });
            _gateway.MapGateway();
            await _gateway.StartAsync();
        }

        return new GatewayChatClient(new HttpClient { BaseAddress = new Uri(_gateway.Urls.Single()) }, task, "bench", usage =>
        {
            ModelCalls++;
            used(usage);
        });
    }

    private async Task CountAsync(ResultEnvelope result)
    {
        if (result is { Outcome: StageOutcome.Completed, Change: { } change })
        {
            await GitAsync("merge-base", "--is-ancestor", "work", change.Commit);
            await GitAsync("update-ref", "refs/heads/work", change.Commit);
            foreach (var reference in change.References)
            {
                await GitAsync("update-ref", reference.Name, reference.Commit);
            }
        }
    }

    private Task<string> RequireAsync(string directory, IReadOnlyList<string> arguments) => _git.RequireAsync(directory, arguments, access: null, CancellationToken.None);
}

/// <summary>How an attempt ended.</summary>
internal sealed record BenchAttempt(StageOutcome Outcome, ResultEnvelope Result)
{
    internal StructuredError Error => Assert.IsType<StageOutcome.Failed>(Outcome).Error;

    internal T Output<T>() => (Outcome switch
    {
        StageOutcome.Completed completed => completed.Output,
        StageOutcome.Failed failed => failed.Output,
        _ => null,
    })!.To<T>()!;

    internal BenchAttempt Completed()
    {
        Assert.True(Outcome is StageOutcome.Completed, Outcome is StageOutcome.Failed failed ? $"{failed.Error.Code}: {failed.Error.Message}\n{failed.Error.Details}" : Outcome.ToString());
        return this;
    }
}
