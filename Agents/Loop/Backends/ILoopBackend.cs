namespace Stack.Agents.Loop.Backends;

/// <summary>Who does the work of an iteration, in the workspace. What it says about the work is a claim; what it changed is looked at by others.</summary>
internal interface ILoopBackend
{
    /// <summary>Makes one pass.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LaterException">Its model is away for longer.</exception>
    /// <exception cref="Runtime.AgentFailure">It cannot go on; classified.</exception>
    Task<Pass> RunAsync(PassRequest request, CancellationToken cancellationToken);
}

/// <summary>What a pass is about.</summary>
internal sealed record PassRequest
{
    /// <summary>The iteration, from 1.</summary>
    public required int Iteration { get; init; }

    /// <summary>What is to be done, in the words of the person, and what happened so far.</summary>
    public required string Prompt { get; init; }

    /// <summary>The model. A backend that has its own ignores it.</summary>
    public required string Model { get; init; }

    /// <summary>The name of the durable step of each model call.</summary>
    public required Func<int, string> StepOf { get; init; }

    /// <summary>Texts that go along with model calls.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a pass went.</summary>
internal sealed record Pass
{
    /// <summary>Whether the backend says that the work is done.</summary>
    public bool ClaimsDone { get; init; }

    /// <summary>What it said last.</summary>
    public string Summary { get; init; } = "";

    /// <summary>What went wrong. Null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>The model that answered. Null: a program did the work.</summary>
    public string? Model { get; init; }

    /// <summary>Calls to models.</summary>
    public int ModelCalls { get; init; }

    /// <summary>Calls of tools.</summary>
    public int ToolCalls { get; init; }

    /// <summary>No language model answered, but the generator of templates did. Null: a model did.</summary>
    public BuiltinAnswer? Builtin { get; init; }
}

/// <summary>What the generator of templates said, and why it was asked.</summary>
/// <param name="Text">Its answer.</param>
/// <param name="Decision">The gateway's decision in a line.</param>
internal sealed record BuiltinAnswer(string Text, string Decision);
