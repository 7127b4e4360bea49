using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace Stack.Benchmarks.Floor;

/// <summary>
/// The floor: what every engine on these servers has to do, and nothing else. It commits what arrived, publishes the next tasks, acknowledges the results; workflows are a number that counts to five.
/// </summary>
internal sealed class FloorRun : IAsyncDisposable
{
    private const int MaxBatch = 1024;
    private readonly FloorContent _content;
    private readonly Channel<(FloorStep Step, ulong Delivery)> _arrived = Channel.CreateUnbounded<(FloorStep, ulong)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _running = new();
    private readonly FloorDatabase _database;
    private readonly FloorChannel _channel;
    private readonly Process _worker;
    private readonly Task _committing;

    private FloorRun(FloorContent content, FloorDatabase database, FloorChannel channel, Process worker)
    {
        (_content, _database, _channel, _worker) = (content, database, channel, worker);
        _committing = CommitAllAsync();
    }

    public int WorkerId => _worker.Id;

    public static async Task<FloorRun> StartAsync(string database, string broker, string queueType, int slots)
    {
        var content = new FloorContent();
        var channel = await FloorChannel.OpenAsync(broker, FloorNames.Tasks(queueType), queueType);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[typeof(FloorWorker).Assembly.Location, "floor-worker", broker, queueType, queueType, slots.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        var worker = Process.Start(start)!;
        if (await worker.StandardOutput.ReadLineAsync() != "ready")
        {
            throw new InvalidOperationException("The floor's worker did not start.");
        }

        var run = new FloorRun(content, await FloorDatabase.OpenAsync(database, content), channel, worker);
        await channel.ConsumeAsync(FloorNames.Results(queueType), (ushort)Math.Min(2 * slots, ushort.MaxValue), run.ReceiveAsync);
        return run;
    }

    /// <summary>Submits a workflow.</summary>
    /// <returns>Ends when its last commit is on the disk.</returns>
    public Task SubmitAsync()
    {
        var id = Guid.CreateVersion7();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[id] = done;
        _arrived.Writer.TryWrite((new FloorStep(id, 0), 0));
        return Task.WhenAny(done.Task, _committing).Unwrap();
    }

    /// <summary>To be called while nothing is submitted.</summary>
    public Task AnalyzeAsync() => _database.AnalyzeAsync();

    public async ValueTask DisposeAsync()
    {
        _arrived.Writer.TryComplete();
        await _committing;
        _worker.StandardInput.Close();
        await _worker.WaitForExitAsync();
        _worker.Dispose();
        await _channel.DisposeAsync();
        await _database.DisposeAsync();
    }

    private ValueTask ReceiveAsync(ulong delivery, ReadOnlyMemory<byte> body)
    {
        var step = FloorStep.Read(body.Span);
        _arrived.Writer.TryWrite((step with { Number = step.Number + 1 }, delivery));
        return ValueTask.CompletedTask;
    }

    private async Task CommitAllAsync()
    {
        var steps = new List<FloorStep>(MaxBatch);
        while (await _arrived.Reader.WaitToReadAsync())
        {
            var delivery = 0UL;
            while (steps.Count < MaxBatch && _arrived.Reader.TryRead(out var arrived))
            {
                steps.Add(arrived.Step);
                delivery = Math.Max(delivery, arrived.Delivery);
            }

            await _database.CommitAsync(steps);
            foreach (var step in steps)
            {
                if (step.Number < FloorContent.Stages)
                {
                    await _channel.PublishAsync(step.ToMessage(_content.TaskLengths[step.Number]));
                }
                else if (_running.TryRemove(step.Workflow, out var done))
                {
                    done.SetResult();
                }
            }

            if (delivery > 0)
            {
                await _channel.Consumer.BasicAckAsync(delivery, multiple: true);
            }

            steps.Clear();
        }
    }
}
