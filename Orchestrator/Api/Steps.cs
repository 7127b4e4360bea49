using System.Buffers;
using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>The journal of durable steps over HTTP.</summary>
internal sealed class Steps(ITaskFeed feed)
{
    /// <summary>The largest result of a step in bytes.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const int MaxName = 200;

    public async Task FindAsync(HttpContext context)
    {
        if (await KeyOfAsync(context) is not var (_, key))
        {
            return;
        }

        IResult answer = await feed.FindStepAsync(key, context.RequestAborted) is { } result
            ? new RawJson(result)
            : Problem.Of(ProblemTypes.NotFound, $"Step '{key.Name}' of stage '{key.Stage}' is not journaled for this input.", "Make the step and PUT its result.");
        await answer.ExecuteAsync(context);
    }

    public async Task RecordAsync(HttpContext context)
    {
        if (await KeyOfAsync(context) is not var (taskId, key) || await ReadAsync(context) is not { } result)
        {
            return;
        }

        IResult answer = await feed.RecordStepAsync(taskId, key, result, context.RequestAborted) is { } journaled
            ? new RawJson(journaled)
            : Problem.Of(ProblemTypes.Conflict, $"Attempt {taskId.Attempt} at stage '{taskId.Stage}' is not current; nothing was written.", "Drop the attempt.");
        await answer.ExecuteAsync(context);
    }

    private static async ValueTask<(TaskId TaskId, StepKey Key)?> KeyOfAsync(HttpContext context)
    {
        if (await Feed.TaskOfAsync(context) is not { } taskId)
        {
            return null;
        }

        var name = (string)context.Request.RouteValues["name"]!;
        var hash = (string)context.Request.RouteValues["input_hash"]!;
        if (name.Length is > 0 and <= MaxName && hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower))
        {
            return (taskId, new StepKey(taskId.WorkflowId, taskId.Stage, name, hash));
        }

        await Problem.Of(ProblemTypes.InvalidRequest, name.Length > MaxName ? $"name: it is longer than {MaxName} characters." : $"input_hash: '{hash}' is not a SHA-256 in lower-case hexadecimal.").ExecuteAsync(context);
        return null;
    }

    private static async ValueTask<JsonPayload?> ReadAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            if (!read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var utf8 = read.Buffer.ToArray();
            body.AdvanceTo(read.Buffer.End);
            Check(utf8);
            return JsonPayload.FromTrustedUtf8(utf8);
        }
    }

    /// <summary>Makes sure that it is one JSON value.</summary>
    /// <exception cref="JsonException">It is not.</exception>
    private static void Check(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        reader.Read();
        reader.Skip();
        reader.Read();
    }
}
