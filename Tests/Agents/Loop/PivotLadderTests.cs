using Stack.Agents.Loop;
using Stack.Contracts;

namespace Stack.Tests.Agents.Loop;

public sealed class PivotLadderTests
{
    [Theory]
    [InlineData("", nameof(Pivot.None))]
    [InlineData("u", nameof(Pivot.None))]
    [InlineData("uu", nameof(Pivot.Instruction))]
    [InlineData("uuu", nameof(Pivot.Instruction))]
    [InlineData("uuuu", nameof(Pivot.Model))]
    [InlineData("uuuuuu", nameof(Pivot.Question))]
    [InlineData("uuuuuuu", nameof(Pivot.Question))]
    [InlineData("uuuuuuuu", nameof(Pivot.Stop))]
    [InlineData("uuuuuuuuuu", nameof(Pivot.Stop))]
    [InlineData("upupupupu", nameof(Pivot.None))]
    [InlineData("uuup", nameof(Pivot.None))]
    [InlineData("uuupuu", nameof(Pivot.Instruction))]
    [InlineData("uuuuuuuuru", nameof(Pivot.None))]
    public void Of_History_SaysWhatToTryNext(string history, string expected) =>
        Assert.Equal(expected, PivotLadder.Of(Records(history), stallAfter: 2, hasOtherModel: true, mayAsk: true, resumed: false).Pivot.ToString());

    [Fact]
    public void Of_RungsThatAreNotThere_AreLeftOut()
    {
        Assert.Equal(Pivot.Question, PivotLadder.Of(Records("uuuu"), 2, hasOtherModel: false, mayAsk: true, resumed: false).Pivot);
        Assert.Equal(Pivot.Stop, PivotLadder.Of(Records("uuuu"), 2, hasOtherModel: false, mayAsk: false, resumed: false).Pivot);
    }

    [Fact]
    public void Of_OtherModelHelped_IsKept() => Assert.Equal((Pivot.None, true), PivotLadder.Of(Records("uuuup"), 2, hasOtherModel: true, mayAsk: true, resumed: false));

    [Fact]
    public void Of_ResumedByAPerson_BeginsAnew() => Assert.Equal(Pivot.None, PivotLadder.Of(Records("uuuuuuuu"), 2, hasOtherModel: true, mayAsk: true, resumed: true).Pivot);

    // u: unproductive, p: productive, r: the next one was made after a person let it go on.
    private static List<IterationRecord> Records(string history)
    {
        var records = new List<IterationRecord>();
        var resumed = false;
        foreach (var letter in history)
        {
            if (letter == 'r')
            {
                resumed = true;
                continue;
            }

            records.Add(new IterationRecord { Number = records.Count + 1, Class = letter == 'p' ? FailureClass.Productive : FailureClass.Unproductive, Evidence = "", At = default, Resumed = resumed });
            resumed = false;
        }

        return records;
    }
}
