using Stack.Agents.Loop;

namespace Stack.Tests.Agents.Loop;

public sealed class IterationLimitTests
{
    [Theory]
    [InlineData(7, "Fix the typo", 7)]
    [InlineData(-1, "Fix the typo", 10)]
    [InlineData(-1, "Refactor the parser", 20)]
    [InlineData(-1, "Migrate the storage to a distributed architecture", 50)]
    public void Of_NoHistory_FollowsFromTheNumberOrTheComplexity(int asked, string prompt, int expected) => Assert.Equal(expected, IterationLimit.Of(asked, prompt, history: null).Limit);

    [Theory]
    [InlineData(2, 0, 0, 10)]
    [InlineData(4, 0, 2, 10)]
    [InlineData(4, 4, 2, 15)]
    [InlineData(4, 0, 20, 30)]
    [InlineData(0, 4, 0, 20)]
    [InlineData(4, 0, 90, 100)]
    public void Of_Adaptive_LearnsFromEarlierLoopsAndKeepsToTheCap(int completed, int exhausted, double productive, int expected)
    {
        var limit = IterationLimit.Of(-1, "Fix the typo", new LoopHistory { Completed = completed, Exhausted = exhausted, AverageProductiveIterations = productive });

        Assert.Equal((expected, "simple"), (limit.Limit, limit.Complexity));
        Assert.StartsWith("The work looks simple (3 words): 10 iterations", limit.Reason, StringComparison.Ordinal);
    }
}
