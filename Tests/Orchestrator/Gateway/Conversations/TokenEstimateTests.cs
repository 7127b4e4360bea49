using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Tests.Orchestrator.Gateway.Conversations;

public sealed class TokenEstimateTests
{
    // Counts of real tokenizers lie between these: cl100k and Llama 3 give 10 for the first, 8 to 10 for the second.
    [Theory]
    [InlineData("The quick brown fox jumps over the lazy dog.", 10)]
    [InlineData("public int Add(int a, int b) => a + b;", 15)]
    [InlineData("12345 67890", 4)]
    [InlineData("", 0)]
    public void Of_Text_BoundsWhatTokenizersCount(string text, int real) => Assert.InRange(real, TokenEstimate.Of(text).Least, TokenEstimate.Of(text).Most);

    [Fact]
    public void Of_LongNoise_HasRoomAndNoFalseAlarm()
    {
        var estimate = TokenEstimate.Of(new string('x', 10_000));
        Assert.Equal(1, estimate.Least);
        Assert.Equal(5_000, estimate.Most);
    }
}
