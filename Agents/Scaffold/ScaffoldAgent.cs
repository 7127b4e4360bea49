using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Agents.Loop;
using Stack.Agents.Loop.Backends;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Scaffold;

/// <summary>
/// Writes a program from its requirements. A language model does it through tool calls; where there is none, the gateway's generator of templates answers with all files at once, and the stage says so.
/// </summary>
internal sealed class ScaffoldAgent : IAgent
{
    private const string Instructions =
        """
        Write a complete program for the requirements of the user: sources, tests, README. Answer with one JSON object and nothing else:
        {"template": name, "reason": why, "limits": [what is missing], "kind": "web"|"console"|"library", "project": name, "entry_project": path of its project file, "files": [{"path": relative path, "content": text}]}
        """;

    /// <inheritdoc />
    public string Type => "scaffold";

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        var with = context.With<ScaffoldWith>();
        var requirements = context.Task.WorkflowContext.Requirements;
        if (Refuse(context, with, requirements) is { } error)
        {
            return new StageOutcome.Failed { Error = error };
        }

        context.Report(10, $"asking {with.Model} for a program");
        var metadata = new Dictionary<string, string?> { ["template"] = with.Template, ["project_name"] = with.ProjectName };
        if (!UsesModel(with))
        {
            var answer = await context.StepAsync("generate", new { requirements, with.Model, metadata }, token => AskAsync(context, with.Model, requirements, metadata, token), cancellationToken);
            return await WriteAsync(context, with, answer, cancellationToken);
        }

        try
        {
            return await LoopAsync(context, with, requirements, metadata, cancellationToken);
        }
        catch (LaterException later)
        {
            return later.ToOutcome();
        }
    }

    // A template is the generator's business, whoever else could be asked.
    private static bool UsesModel(ScaffoldWith with) => with.Model != ScaffoldModes.Builtin && with.Template is null;

    private static async Task<StageOutcome> LoopAsync(AgentContext context, ScaffoldWith with, string requirements, Dictionary<string, string?> metadata, CancellationToken cancellationToken)
    {
        var scaffold = new ModelScaffold(context, with);
        var given = metadata.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
        var (ending, run) = await scaffold.RunAsync(requirements, given, cancellationToken);
        switch (ending)
        {
            case LoopEnding.Done done:
                context.Report(100, $"{done.Evidence.FilesChanged.Count} files, written by {run.Records[^1].Model} ({run.Records.Count} of at most {run.Most} iterations)");
                return new StageOutcome.Completed { Output = JsonPayload.From(scaffold.OutputOf(done, run)) };
            case LoopEnding.Ended ended:
                return new StageOutcome.Failed { Error = ended.Error };
            case LoopEnding.NoModel none:
                return await FallBackAsync(context, with, none.Answer, cancellationToken);
            default:
                throw new InvalidOperationException("An ending of a scaffold's loop that is not known.");
        }
    }

    private static async Task<StageOutcome> FallBackAsync(AgentContext context, ScaffoldWith with, BuiltinAnswer builtin, CancellationToken cancellationToken)
    {
        var templates = with with { Model = ScaffoldModes.Builtin };
        if (Refuse(context, templates, context.Task.WorkflowContext.Requirements) is { } error)
        {
            return new StageOutcome.Failed { Error = error };
        }

        var answer = Read(with.Model, builtin.Text);
        return await WriteAsync(context, templates, answer with { Notice = $"{answer.Notice} '{with.Model}' has no language model that answers ({builtin.Decision})." }, cancellationToken);
    }

    private static async Task<StageOutcome> WriteAsync(AgentContext context, ScaffoldWith with, GatewayAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Files.Count == 0)
        {
            return new StageOutcome.Failed { Error = NothingWritten(answer, with), Output = JsonPayload.From(OutputOf(answer)) };
        }

        context.Report(60, $"writing {answer.Files.Count} files: {answer.Template}");
        await AnswerWriter.WriteAsync(context.Workspace, answer.Files, cancellationToken);
        await context.Workspace.CommitAsync($"Scaffold {answer.Project}: {answer.Template}\n\n{answer.Reason}\n\n{answer.Notice}", allowEmpty: true, cancellationToken);
        Tell(context, answer);
        return new StageOutcome.Completed { Output = JsonPayload.From(OutputOf(answer)) };
    }

    private static StructuredError? Refuse(AgentContext context, ScaffoldWith with, string requirements)
    {
        if (string.IsNullOrWhiteSpace(requirements))
        {
            return Error("requirements_empty", "Project requirements cannot be empty.", ErrorCategory.Validation, "Submit the workflow with requirements that describe the program.");
        }

        if (!ScaffoldModes.All.Contains(with.Mode))
        {
            return Error("mode_unknown", $"`with.mode` is '{with.Mode}'.", ErrorCategory.Configuration, $"Use one of {string.Join(", ", ScaffoldModes.All)}.");
        }

        if (UsesModel(with))
        {
            return null;
        }

        if (with.Mode is ScaffoldModes.Debug or ScaffoldModes.Fix)
        {
            return Error(
                "model_required",
                $"The stage '{context.Task.TaskId.Stage}' is to {(with.Mode is ScaffoldModes.Debug ? "find the cause of a defect" : "fix a defect")}, and '{with.Model}' cannot read code: it only fills in templates.",
                ErrorCategory.Configuration,
                "Configure a language model for the gateway and name it in the stage's `with.model`; or fix the defect yourself and submit the workspace to the stages from validation on.");
        }

        var existing = with.Mode is ScaffoldModes.Feature ? ExistingProject(context) : null;
        return existing is null ? null : Error(
            "model_required",
            $"The workspace has a program already ({existing}), and '{with.Model}' cannot change code: it only writes whole programs.",
            ErrorCategory.Configuration,
            "Configure a language model for the gateway and name it in the stage's `with.model`, or start from an empty workspace.");
    }

    private static string? ExistingProject(AgentContext context) =>
        Dotnet.DotnetWorkspace.Find(context.Workspace.Directory)?.Target
        ?? (File.Exists(Path.Combine(context.Workspace.Directory, "package.json")) ? "package.json" : null);

    private static async Task<GatewayAnswer> AskAsync(AgentContext context, string model, string requirements, Dictionary<string, string?> metadata, CancellationToken cancellationToken)
    {
        var options = new ChatOptions { ModelId = model, AdditionalProperties = [] };
        foreach (var (name, value) in metadata.Where(pair => pair.Value is not null))
        {
            options.AdditionalProperties[name] = value;
        }

        var response = await context.Chat.GetResponseAsync([new ChatMessage(ChatRole.System, Instructions), new ChatMessage(ChatRole.User, requirements)], options, cancellationToken);
        return Read(model, response.Text);
    }

    private static GatewayAnswer Read(string model, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<GatewayAnswer>(text, StackJson.Options) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException exception)
        {
            throw new AgentFailure(
                Error("answer_unreadable", $"'{model}' answered with something that is not the JSON it was asked for: {exception.Message}", ErrorCategory.Execution, "Try again, or use another model.") with { Retryable = true },
                exception);
        }
    }

    private static StructuredError NothingWritten(GatewayAnswer answer, ScaffoldWith with) => Error(
        "requirements_not_understood",
        $"'{with.Model}' wrote no program. {answer.Reason}",
        ErrorCategory.Configuration,
        "Configure a language model for the gateway and name it in the stage's `with.model`, or ask for something that the built-in generator writes, "
            + "for example: a calculator web API; a REST API for books with title, author and price; a console program that counts words; a class library with arithmetic.");

    private static void Tell(AgentContext context, GatewayAnswer answer)
    {
        foreach (var line in (string?[])[answer.Notice, .. answer.Limits])
        {
            if (line is not null)
            {
                context.Log(line);
                context.AddWarning(line);
            }
        }

        context.Report(100, $"{answer.Project}: {answer.Files.Count} files from the template {answer.Template}");
    }

    private static ScaffoldOutput OutputOf(GatewayAnswer answer) => new()
    {
        Provider = answer.Provider,
        ModelUsed = answer.ModelUsed ?? true,
        Notice = answer.Notice,
        Template = answer.Template,
        Reason = answer.Reason,
        Limits = answer.Limits,
        Kind = answer.Kind,
        Project = answer.Project,
        EntryProject = answer.EntryProject,
        Files = [.. answer.Files.Select(file => file.Path)],
    };

    private static StructuredError Error(string code, string message, ErrorCategory category, string remedy) => new()
    {
        Code = code,
        Message = message,
        Category = category,
        Class = FailureClass.Unproductive,
        SuggestedAction = remedy,
    };
}
