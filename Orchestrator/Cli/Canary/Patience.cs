namespace Stack.Cli;

/// <summary>Waits for something that may be away at times: a server that does not answer, or asks to come back, counts as no.</summary>
/// <param name="time">The clock.</param>
internal sealed class Patience(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public TimeProvider Time => time;

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="limit">How long at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How long it took. Null: it did not hold in time.</returns>
    public async Task<TimeSpan?> UntilAsync(Func<CancellationToken, Task<bool>> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var holds = await AskAsync(condition, cancellationToken);
            var passed = time.GetElapsedTime(started);
            if (holds || passed >= limit)
            {
                return holds ? passed : null;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="DrillException">There was none in time.</exception>
    public async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> question, TimeSpan limit, CancellationToken cancellationToken)
    {
        T? answer = default;
        var got = await UntilAsync(
            async token =>
            {
                answer = await question(token);
                return true;
            },
            limit,
            cancellationToken);
        return got is not null ? answer! : throw new DrillException($"The orchestrator did not answer within {Words.Of(limit)}.");
    }

    private static async Task<bool> AskAsync(Func<CancellationToken, Task<bool>> condition, CancellationToken cancellationToken)
    {
        try
        {
            return await condition(cancellationToken);
        }
        catch (ServerUnreachableException)
        {
            return false;
        }
        catch (ApiProblemException problem) when (problem.IsTransient || problem.Problem.Status >= 500)
        {
            return false;
        }
    }
}
