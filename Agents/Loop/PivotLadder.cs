using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>What to try because iterations change nothing.</summary>
internal enum Pivot
{
    /// <summary>Nothing special: it gets on.</summary>
    None,

    /// <summary>Other words: say that nothing changed and ask for another way.</summary>
    Instruction,

    /// <summary>Another model.</summary>
    Model,

    /// <summary>Ask a person.</summary>
    Question,

    /// <summary>Give up.</summary>
    Stop,
}

/// <summary>Decides from what happened what to try next. Pure.</summary>
internal static class PivotLadder
{
    /// <summary>Where the loop stands.</summary>
    /// <param name="records">The iterations so far.</param>
    /// <param name="stallAfter">How many in a row may change nothing.</param>
    /// <param name="hasOtherModel">Whether there is another model to turn to.</param>
    /// <param name="mayAsk">Whether a person may be asked.</param>
    /// <param name="resumed">Whether a person let it go on after it stopped here.</param>
    /// <returns>What to try now, and whether the other model has its turn: once turned to, it is kept.</returns>
    public static (Pivot Pivot, bool OtherModel) Of(IReadOnlyList<IterationRecord> records, int stallAfter, bool hasOtherModel, bool mayAsk, bool resumed)
    {
        var rungs = new List<Pivot> { Pivot.None, Pivot.Instruction };
        if (hasOtherModel)
        {
            rungs.Add(Pivot.Model);
        }

        if (mayAsk)
        {
            rungs.Add(Pivot.Question);
        }

        rungs.Add(Pivot.Stop);
        var (rung, stall, otherModel) = (0, 0, false);
        foreach (var record in records)
        {
            rung = record.Resumed ? 0 : rung;
            stall = record.Resumed ? 0 : stall;
            if (record.Class is FailureClass.Productive)
            {
                (rung, stall) = (0, 0);
            }
            else if (++stall >= stallAfter)
            {
                (rung, stall) = (Math.Min(rung + 1, rungs.Count - 1), 0);
                otherModel |= rungs[rung] is Pivot.Model;
            }
        }

        return resumed ? (Pivot.None, otherModel) : (rungs[rung], otherModel);
    }
}
