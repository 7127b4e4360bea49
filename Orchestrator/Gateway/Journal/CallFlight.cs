using System.Runtime.ExceptionServices;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>
/// One answer on its way to all who ask the same at the same time. It goes on while one of them reads, whoever asked first; when the last one leaves, it is ended. Thread-safe.
/// </summary>
/// <param name="stop">Ends the work when nobody waits for it any more. Has no timer and is never disposed: who leaves last may come after the end.</param>
internal sealed class CallFlight(CancellationTokenSource stop)
{
    private readonly Lock _lock = new();
    private readonly List<AnswerPart> _parts = [];
    private readonly TaskCompletionSource<Answer> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ExceptionDispatchInfo? _failure;
    private int _readers = 1;
    private bool _isOver;

    /// <summary>Joins the flight.</summary>
    /// <returns>False: everybody has left it.</returns>
    public bool TryJoin()
    {
        lock (_lock)
        {
            _readers += _readers > 0 ? 1 : 0;
            return _readers > 0;
        }
    }

    /// <summary>Begins. Once, by whoever made it.</summary>
    /// <param name="open">Opens the answer.</param>
    public async Task RunAsync(Func<CancellationToken, Task<Answer>> open)
    {
        try
        {
            await using var answer = await open(stop.Token);
            _opened.TrySetResult(answer);
            while (await answer.NextAsync() is { } part)
            {
                Tell(part, null, isOver: false);
            }

            Tell(null, null, isOver: true);
        }
        catch (Exception failure)
        {
            // Each reader gets it.
            _opened.TrySetException(failure);
            _ = _opened.Task.Exception;
            Tell(null, ExceptionDispatchInfo.Capture(failure), isOver: true);
        }
    }

    /// <summary>Waits until the answer begins. Whoever joined calls this once.</summary>
    /// <param name="read">Called when the reader has read it to its end.</param>
    /// <param name="cancellationToken">Leaves the flight; also while it is read.</param>
    public async Task<Answer> ReadAsync(Action read, CancellationToken cancellationToken)
    {
        try
        {
            return new Reader(this, await _opened.Task.WaitAsync(cancellationToken), read, cancellationToken);
        }
        catch (Exception)
        {
            Leave();
            throw;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_readers > 0 || _isOver)
            {
                return;
            }
        }

        stop.Cancel();
    }

    private void Tell(AnswerPart? part, ExceptionDispatchInfo? failure, bool isOver)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (part is not null)
            {
                _parts.Add(part);
            }

            (_failure, _isOver) = (failure, isOver);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    private async ValueTask<AnswerPart?> PartAsync(int index, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (index < _parts.Count)
                {
                    return _parts[index];
                }

                _failure?.Throw();
                if (_isOver)
                {
                    return null;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private sealed class Reader(CallFlight flight, Answer answer, Action read, CancellationToken cancellationToken) : Answer
    {
        private int _index;
        private bool _hasLeft;

        public override string Model => answer.Model;

        public override string Provider => answer.Provider;

        public override string Decision => answer.Decision;

        public override string? Journal => answer.Journal;

        /// <inheritdoc />
        public override Configuration.Price? Price => answer.Price;

        public override async ValueTask<AnswerPart?> NextAsync()
        {
            var part = await flight.PartAsync(_index++, cancellationToken);
            if (part is AnswerPart.End)
            {
                read();
            }

            return part;
        }

        public override ValueTask DisposeAsync()
        {
            if (!Interlocked.Exchange(ref _hasLeft, true))
            {
                flight.Leave();
            }

            return default;
        }
    }
}
