using Stack.Contracts;

namespace Stack.Cli;

/// <summary>What the command's exit code says. Stable: scripts rely on it.</summary>
internal enum ExitCode
{
    /// <summary>Done; for <c>run</c> and <c>follow</c>: the workflow completed.</summary>
    Completed = 0,

    /// <summary>The workflow failed or was canceled, or the orchestrator could not do what was asked in the state that things are in.</summary>
    Failed = 1,

    /// <summary>The workflow hit a limit. Partial results are kept.</summary>
    Exhausted = 2,

    /// <summary>The workflow waits for a person.</summary>
    Waiting = 3,

    /// <summary>What was asked makes no sense: an unknown option, id or definition, an empty text, a wrong key. (EX_USAGE of sysexits.h.)</summary>
    Usage = 64,

    /// <summary>The orchestrator cannot be reached, or cannot work now. (EX_UNAVAILABLE of sysexits.h.)</summary>
    Unavailable = 69,

    /// <summary>Interrupted by Ctrl+C. Workflows go on without the command.</summary>
    Interrupted = 130,
}

/// <summary>Finds the exit code of an outcome.</summary>
internal static class ExitCodes
{
    /// <summary>The code of a workflow that stopped. One that still runs or is paused has not failed.</summary>
    public static ExitCode Of(WorkflowStatus status) => status switch
    {
        WorkflowStatus.Failed or WorkflowStatus.Canceled => ExitCode.Failed,
        WorkflowStatus.Exhausted => ExitCode.Exhausted,
        WorkflowStatus.Waiting => ExitCode.Waiting,
        _ => ExitCode.Completed,
    };

    /// <summary>The code of a refusal.</summary>
    public static ExitCode Of(ProblemResource problem) => problem.Status switch
    {
        409 => ExitCode.Failed,
        429 or 502 or 503 or 504 => ExitCode.Unavailable,
        >= 400 and < 500 => ExitCode.Usage,
        _ => ExitCode.Failed,
    };
}
