using System.Text.Json;
using System.Text.Json.Serialization;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>What a definition passes to the loop agent in <c>with</c>, and what a task passes in <c>input.task</c>, which goes first. Null: not said.</summary>
internal sealed record LoopSettings
{
    /// <summary>The adaptive limit.</summary>
    public const int Adaptive = -1;

    /// <summary>The backend of tool calls.</summary>
    public const string Native = "native";

    /// <summary>Who does the work: <c>native</c> (a model that calls tools), or a program of the backends' file.</summary>
    /// <value>The default is <c>native</c>.</value>
    public string? Backend { get; init; }

    /// <summary>The model, or an alias of the gateway.</summary>
    /// <value>The default is <c>smart</c>.</value>
    public string? Model { get; init; }

    /// <summary>The model to turn to when nothing changes.</summary>
    /// <value>The default is none.</value>
    public string? PivotModel { get; init; }

    /// <summary>The most iterations: 1 to 100, or -1 to let complexity and history decide.</summary>
    /// <value>The default is the stage's <c>iterations</c>.</value>
    public int? MaxIterations { get; init; }

    /// <summary>The most model calls of one iteration.</summary>
    /// <value>The default is 30.</value>
    public int? MaxTurns { get; init; }

    /// <summary>How many iterations in a row may change nothing before something else is tried.</summary>
    /// <value>The default is 3.</value>
    public int? StallAfter { get; init; }

    /// <summary>Whether a person is asked before the loop stops because nothing changes.</summary>
    /// <value>The default is true.</value>
    public bool? Ask { get; init; }

    /// <summary>Whether a person must agree before the first iteration.</summary>
    /// <value>The default is false.</value>
    public bool? RequireApproval { get; init; }

    /// <summary>Commands that show how far the work is; all of them must succeed before the loop is done.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<string>? Checks { get; init; }

    /// <summary>The longest a command of the model or a check may take.</summary>
    /// <value>The default is 2 minutes.</value>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? CommandTimeout { get; init; }

    /// <summary>More instructions for the backend.</summary>
    public string? Instructions { get; init; }

    /// <summary>What belongs to the task beside its words: any JSON; it goes into the prompt.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>The settings of an attempt, with the defaults filled in.</summary>
    /// <exception cref="AgentFailure">They are wrong; the message names field, value and remedy.</exception>
    public static LoopSettings Of(AgentContext context)
    {
        var (with, task) = (context.With<LoopSettings>(), OfTask(context));
        var settings = new LoopSettings
        {
            Backend = task.Backend ?? with.Backend ?? Native,
            Model = task.Model ?? with.Model ?? "smart",
            PivotModel = task.PivotModel ?? with.PivotModel,
            MaxIterations = task.MaxIterations ?? with.MaxIterations ?? context.Task.MaxIterations,
            MaxTurns = task.MaxTurns ?? with.MaxTurns ?? 30,
            StallAfter = task.StallAfter ?? with.StallAfter ?? 3,
            Ask = task.Ask ?? with.Ask ?? true,
            RequireApproval = task.RequireApproval ?? with.RequireApproval ?? false,
            Checks = task.Checks ?? with.Checks ?? [],
            CommandTimeout = task.CommandTimeout ?? with.CommandTimeout ?? TimeSpan.FromMinutes(2),
            Instructions = task.Instructions ?? with.Instructions,
            Context = task.Context ?? with.Context,
        };
        return settings.Problem() is { } problem ? throw Refuse(context, problem) : settings;
    }

    private static LoopSettings OfTask(AgentContext context)
    {
        try
        {
            return context.Task.WorkflowContext.Input?.To<TaskInput>()?.Task ?? new LoopSettings();
        }
        catch (JsonException exception)
        {
            throw Refuse(context, $"input.task does not fit: {exception.Message}");
        }
    }

    private string? Problem() => this switch
    {
        { MaxIterations: < 1 and not Adaptive or > IterationClass.HardCap } => $"max_iterations is {MaxIterations}; write 1 to {IterationClass.HardCap}, or {Adaptive} to let complexity and history decide.",
        { MaxTurns: < 1 or > 200 } => $"max_turns is {MaxTurns}; write 1 to 200.",
        { StallAfter: < 1 or > IterationClass.HardCap } => $"stall_after is {StallAfter}; write 1 to {IterationClass.HardCap}.",
        { CommandTimeout.TotalSeconds: < 1 } => "command_timeout is less than a second.",
        _ => null,
    };

    private static AgentFailure Refuse(AgentContext context, string problem) => new(new StructuredError
    {
        Code = "with_invalid",
        Message = $"The settings of the loop '{context.Task.TaskId.Stage}' are wrong: {problem}",
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        SuggestedAction = $"Correct `with` in the definition '{context.Task.WorkflowContext.Definition}', or what was submitted.",
    });

    private sealed record TaskInput
    {
        public LoopSettings? Task { get; init; }
    }
}
