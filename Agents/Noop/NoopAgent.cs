using System.Text.Json;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Noop;

/// <summary>
/// Does nothing, for benchmarks and tests. Its output is the stage's <c>with</c>; the options in it say how it misbehaves. Without options it makes no call and touches no file.
/// </summary>
internal sealed class NoopAgent : IAgent
{
    /// <inheritdoc />
    public string Type => "noop";

    /// <inheritdoc />
    public bool UsesWorkspace => false;

    /// <inheritdoc />
    public async Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken)
    {
        if (context.Task.Payload is null || context.Task.Payload.SizeBytes <= 2)
        {
            return new StageOutcome.Completed { Output = context.Task.Payload };
        }

        var options = context.With<NoopOptions>();
        if (options.Log > 0)
        {
            context.Report(0, "doing nothing");
            for (var line = 1; line <= options.Log; line++)
            {
                context.Log($"line {line}");
            }
        }

        if (options.SleepMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(options.SleepMs), context.Time, cancellationToken);
        }

        if (options.Crash)
        {
            Environment.FailFast("A noop stage asked for a crash.");
        }

        return context.Task.RetryCount < options.FailTimes ? Failure(context.Task) : new StageOutcome.Completed { Output = Output(context.Task.Payload, options.OutputBytes) };
    }

    private static StageOutcome.Failed Failure(TaskEnvelope task) => new()
    {
        Error = new StructuredError
        {
            Code = "noop_failed",
            Message = $"The stage '{task.TaskId.Stage}' asked to fail; {task.RetryCount} attempts failed before.",
            Category = ErrorCategory.Execution,
            Class = FailureClass.Unproductive,
            Retryable = true,
        },
    };

    private static JsonPayload Output(JsonPayload payload, int bytes)
    {
        if (bytes <= 0)
        {
            return payload;
        }

        // {"padding":"…"} of exactly the wanted size, or the smallest possible.
        const string Frame = "{\"padding\":\"\"}";
        return JsonPayload.FromTrustedUtf8(JsonSerializer.SerializeToUtf8Bytes(new { padding = new string('x', Math.Max(0, bytes - Frame.Length)) }));
    }

    /// <summary>What <c>with</c> may ask for. Anything else in it is only echoed.</summary>
    internal sealed record NoopOptions
    {
        /// <summary>Milliseconds to wait.</summary>
        public int SleepMs { get; init; }

        /// <summary>How many attempts fail before one succeeds.</summary>
        public int FailTimes { get; init; }

        /// <summary>How large the output is, instead of echoing. Zero: echo.</summary>
        public int OutputBytes { get; init; }

        /// <summary>Whether the process dies, as after <c>kill -9</c>.</summary>
        public bool Crash { get; init; }

        /// <summary>How many lines to log.</summary>
        public int Log { get; init; }
    }
}
