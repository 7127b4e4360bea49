namespace Stack.Cli;

/// <summary>Counts how many workflows of a soak are under way, and says every few seconds how far it is.</summary>
/// <param name="target">The stack.</param>
/// <param name="workload">The workflows.</param>
/// <param name="faults">What hurts it.</param>
/// <param name="total">How many workflows there will be.</param>
/// <param name="say">Takes the lines.</param>
internal sealed class SoakGauge(DrillTarget target, CanaryWorkload workload, SoakFaults faults, int total, Action<string> say)
{
    private static readonly TimeSpan CountInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);
    private volatile Count _last = new(0, 0);
    private long _openBefore;

    /// <summary>How many are under way, as far as is known: those that were when it was last counted, and those accepted since.</summary>
    public long InFlight => _last is var last ? last.Open + workload.Accepted.Count - last.Accepted : 0;

    /// <summary>Learns what was under way before the soak; it is none of its business.</summary>
    public async Task BeginAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        _openBefore = (await target.Patience.AnswerAsync(target.Api.GetInstanceAsync, limit, cancellationToken)).Open;

    /// <summary>Counts until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var time = target.Patience.Time;
        var started = time.GetTimestamp();
        var (lineAt, doneThen) = (started, 0L);
        try
        {
            while (true)
            {
                await target.Patience.UntilAsync(CountAsync, LineInterval, cancellationToken);
                if (time.GetElapsedTime(lineAt) is var passed && passed >= LineInterval)
                {
                    var done = Math.Max(0, workload.Accepted.Count - InFlight);
                    say($"{Words.Of(time.GetElapsedTime(started)),9}  accepted {workload.Accepted.Count}/{total}  done {done} ({Math.Max(0, done - doneThen) / passed.TotalSeconds:0}/s)  in flight {InFlight}  faults {faults.Made}  refused {workload.Refused}  unanswered {workload.Unanswered}");
                    (lineAt, doneThen) = (time.GetTimestamp(), done);
                }

                await Task.Delay(CountInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The soak is over.
        }
    }

    private async Task<bool> CountAsync(CancellationToken cancellationToken)
    {
        var accepted = workload.Accepted.Count;
        var open = (await target.Api.GetInstanceAsync(cancellationToken)).Open - _openBefore;
        _last = new Count(Math.Max(0, open), accepted);
        return true;
    }

    /// <summary>How many were open, and how many had been accepted before that was asked.</summary>
    private sealed record Count(long Open, int Accepted);
}
