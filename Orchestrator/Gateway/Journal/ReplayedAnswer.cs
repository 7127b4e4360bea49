using System.Globalization;
using Stack.Engine;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>An answer out of the journal: no model was asked, and it costs nothing.</summary>
internal sealed class ReplayedAnswer(ModelCall call, WholeAnswer answer) : Answer
{
    private readonly IEnumerator<AnswerPart> _parts = answer.Parts().GetEnumerator();

    /// <inheritdoc />
    public override string Model => call.Model;

    /// <inheritdoc />
    public override string Provider => call.Provider;

    /// <inheritdoc />
    public override string Decision => string.Create(CultureInfo.InvariantCulture, $"replayed: {call.Model} of {call.Provider} answered this at {call.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");

    /// <inheritdoc />
    public override string Journal => "replayed";

    /// <inheritdoc />
    public override ValueTask<AnswerPart?> NextAsync() => new(_parts.MoveNext() ? _parts.Current : null);

    /// <inheritdoc />
    public override ValueTask DisposeAsync()
    {
        _parts.Dispose();
        return default;
    }
}
