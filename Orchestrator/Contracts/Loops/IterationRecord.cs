using System.Security.Cryptography;
using System.Text;

namespace Stack.Contracts;

/// <summary>
/// One iteration of a loop that counted, as the journal of durable steps keeps it: what a later attempt goes on from. The step of iteration 3 is named <c>iteration-3</c> and has no input.
/// </summary>
public sealed record IterationRecord
{
    /// <summary>The number, from 1.</summary>
    public required int Number { get; init; }

    /// <summary><see cref="FailureClass.Productive"/> when the evidence changed to something that was not seen before, else <see cref="FailureClass.Unproductive"/>. Others are never recorded: they do not count.</summary>
    public required FailureClass Class { get; init; }

    /// <summary>The commit after it, pushed to the branch of the attempt that made it. Null: the workspace has none.</summary>
    public string? Commit { get; init; }

    /// <summary>The commit that the loop started from. Null: the workspace was empty.</summary>
    public string? StartCommit { get; init; }

    /// <summary>The evidence as one text: the tree of the files and how each check ended.</summary>
    public required string Evidence { get; init; }

    /// <summary>What its backend said last, shortened.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Whether the backend said that the work is done. That alone ends nothing.</summary>
    public bool ClaimsDone { get; init; }

    /// <summary>What went wrong in it, for the next one and for people. Null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>The model that answered. Null: a program made it.</summary>
    public string? Model { get; init; }

    /// <summary>Calls to models.</summary>
    public int ModelCalls { get; init; }

    /// <summary>Calls of tools.</summary>
    public int ToolCalls { get; init; }

    /// <summary>How often its model or network failed meanwhile; that does not count.</summary>
    public int Interruptions { get; init; }

    /// <summary>Files that differ from where the loop started.</summary>
    public int FilesChanged { get; init; }

    /// <summary>How each check ended.</summary>
    public IReadOnlyList<IterationCheck> Checks { get; init; } = [];

    /// <summary>What was tried because nothing had changed: <c>instruction</c>, <c>model</c> or <c>question</c>. Null: nothing special.</summary>
    public string? Pivot { get; init; }

    /// <summary>Whether a person let the loop go on after it had stopped before this iteration.</summary>
    public bool Resumed { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The step of an iteration.</summary>
    /// <param name="workflowId">The workflow.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="number">The iteration, from 1.</param>
    public static StepKey KeyOf(WorkflowId workflowId, string stage, int number) => new(workflowId, stage, NameOf(number), s_noInput);

    /// <summary>The name of an iteration's step.</summary>
    /// <param name="number">The iteration, from 1.</param>
    public static string NameOf(int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"iteration-{number}");

    private static readonly string s_noInput = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("null")));
}

/// <summary>How a check of an iteration ended.</summary>
/// <param name="Command">The command line.</param>
/// <param name="Passed">Whether it ended with exit code 0 in time.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Tail">The last lines of its output, when it failed. Null: it passed.</param>
public sealed record IterationCheck(string Command, bool Passed, int ExitCode, string? Tail);
