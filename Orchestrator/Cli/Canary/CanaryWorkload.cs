using System.Collections.Concurrent;
using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>
/// The canary workflows of one run. Submits each under an idempotency key until it is accepted, honours what the orchestrator asks for, and remembers what was accepted. Thread-safe.
/// </summary>
/// <param name="api">The orchestrator.</param>
/// <param name="run">Names the run; part of the workflows' names and keys.</param>
/// <param name="patience">The clock.</param>
internal sealed class CanaryWorkload(ApiClient api, string run, Patience patience)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<WorkflowId, CanaryInput> _accepted = [];
    private readonly ConcurrentQueue<string> _bare = [];
    private int _refused;
    private int _unanswered;

    /// <summary>What the names of this run's workflows begin with.</summary>
    public string Prefix => $"canary {run} ";

    /// <summary>What was accepted, and how it was asked to behave.</summary>
    public IReadOnlyDictionary<WorkflowId, CanaryInput> Accepted => _accepted;

    /// <summary>How often the orchestrator asked to come back.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>How often there was no answer.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Refusals that did not say when to come back.</summary>
    public IReadOnlyCollection<string> BareRefusals => _bare;

    /// <summary>Submits a workflow until it is accepted.</summary>
    public async Task SubmitAsync(int index, CanaryInput input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await TryOnceAsync(index, input, cancellationToken);
            switch (answer)
            {
                case SubmissionAnswer.Accepted:
                    return;
                case SubmissionAnswer.Refused { RetryAfter: { } wait }:
                    await Task.Delay(wait < LongestPause ? wait : LongestPause, patience.Time, cancellationToken);
                    break;
                default:
                    await Task.Delay(Pause, patience.Time, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>Tries once to submit a workflow.</summary>
    public async Task<SubmissionAnswer> TryOnceAsync(int index, CanaryInput input, CancellationToken cancellationToken)
    {
        var number = index.ToString(CultureInfo.InvariantCulture);
        var request = new SubmitWorkflowRequest
        {
            Name = Prefix + number,
            ProjectRequirements = "Do as the input says.",
            Definition = CanaryDefinition.Name,
            Input = JsonPayload.From(input),
        };
        try
        {
            var (workflow, _) = await api.SubmitAsync(request, $"{run}-{number}", cancellationToken);
            _accepted[workflow.Id] = input;
            return new SubmissionAnswer.Accepted(workflow.Id);
        }
        catch (ServerUnreachableException failure)
        {
            Interlocked.Increment(ref _unanswered);
            return new SubmissionAnswer.Unanswered(failure.Message);
        }
        catch (ApiProblemException refusal) when (refusal.IsTransient)
        {
            Interlocked.Increment(ref _refused);
            var answer = new SubmissionAnswer.Refused(refusal.Problem.Status, refusal.RetryAfter);
            if (refusal.RetryAfter is null)
            {
                _bare.Enqueue(answer.ToString());
            }

            return answer;
        }
    }

    /// <summary>The workflows of this run that are not over, at most 500 of them.</summary>
    public async Task<IReadOnlyList<WorkflowResource>> ListOpenAsync(CancellationToken cancellationToken)
    {
        var open = new List<WorkflowResource>();
        foreach (var status in (string[])["running", "waiting", "paused"])
        {
            var page = await api.ListWorkflowsAsync(new WorkflowFilter(Status: status, Definition: CanaryDefinition.Name), limit: 500, cursor: null, cancellationToken);
            open.AddRange(page.Workflows.Where(workflow => workflow.Name.StartsWith(Prefix, StringComparison.Ordinal)));
        }

        return open;
    }
}
