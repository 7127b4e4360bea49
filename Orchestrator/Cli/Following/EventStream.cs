using System.Runtime.CompilerServices;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>
/// The events of a workflow, each once and in order, across as many connections as it takes: a new connection asks for what follows the last event that came.
/// </summary>
internal sealed class EventStream(ApiClient api, TimeProvider time, ReconnectPolicy policy, Action<string> note)
{
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(1);
    private long _aliveAt;
    private int _failures;
    private bool _isAway;

    /// <summary>Reads events until the workflow is over and the last one was given.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="after">The id of the last event that is known; 0 for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ServerUnreachableException">The orchestrator stayed away longer than <see cref="ReconnectPolicy.GiveUpAfter"/>.</exception>
    public async IAsyncEnumerable<EventResource> ReadAsync(WorkflowId id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = after;
        ShowLife();
        while (true)
        {
            await using var connection = await ConnectAsync(id, last, cancellationToken);
            var connectedAt = time.GetTimestamp();
            while (await connection.NextAsync(policy.LongestSilence, cancellationToken) is { } happened)
            {
                ShowLife();
                if (happened.Id > last)
                {
                    last = happened.Id;
                    yield return happened;
                }
            }

            if (connection.End == ConnectionEnd.ByServer && await IsOverAsync(id, last, cancellationToken))
            {
                yield break;
            }

            // One that ended at once is no sign of life, or a broken proxy would be asked without pause and for ever.
            if (time.GetElapsedTime(connectedAt) > SignOfLife)
            {
                ShowLife();
            }

            if (connection.End != ConnectionEnd.Silent)
            {
                ShowFailure();
            }
        }
    }

    private async Task<EventConnection> ConnectAsync(WorkflowId id, long last, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(policy.DelayAfter(_failures), time, cancellationToken);
            try
            {
                var connection = await EventConnection.OpenAsync(api, id, last, cancellationToken);
                if (_isAway)
                {
                    _isAway = false;
                    note("Connected again.");
                }

                return connection;
            }
            catch (ServerUnreachableException)
            {
                ShowFailure();
            }
            catch (ApiProblemException refusal) when (refusal.IsTransient)
            {
                ShowFailure();
            }
        }
    }

    private void ShowLife()
    {
        _failures = 0;
        _aliveAt = time.GetTimestamp();
    }

    private void ShowFailure()
    {
        if (time.GetElapsedTime(_aliveAt) > policy.GiveUpAfter)
        {
            throw new ServerUnreachableException(api.Server, $"no sign of life for {Words.Of(policy.GiveUpAfter)}; workflows go on when it is back", null);
        }

        _failures++;
        if (!_isAway)
        {
            _isAway = true;
            note($"The connection to {api.Server.AbsoluteUri.TrimEnd('/')} is lost; reconnecting (for at most {Words.Of(policy.GiveUpAfter)}).");
        }
    }

    private async Task<bool> IsOverAsync(WorkflowId id, long last, CancellationToken cancellationToken)
    {
        try
        {
            return WorkflowFollower.IsTerminal((await api.GetWorkflowAsync(id, cancellationToken)).Status)
                && (await api.ListEventsAsync(id, last, 1, cancellationToken)).Events.Count == 0;
        }
        catch (ServerUnreachableException)
        {
            return false;
        }
        catch (ApiProblemException refusal) when (refusal.IsTransient)
        {
            return false;
        }
    }
}
