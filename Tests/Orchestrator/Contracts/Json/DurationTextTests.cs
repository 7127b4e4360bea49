using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Json;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1.5ms", 1.5)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("0s", 0)]
    [InlineData("1m1m", 120_000)]
    [InlineData("3650d", 315_360_000_000)]
    public void TryParse_Duration_IsRead(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("5 s")]
    [InlineData(" 5s")]
    [InlineData("5s\n")]
    [InlineData("5S")]
    [InlineData("5y")]
    [InlineData(".5s")]
    [InlineData("5.s")]
    [InlineData("1e3s")]
    [InlineData("٣s")]
    [InlineData("3651d")]
    [InlineData("99999999999999999999999999999999999999d")]
    public void TryParse_AnythingElse_IsNotADuration(string? text)
    {
        Assert.False(DurationText.TryParse(text, out var value));
        Assert.Equal(TimeSpan.Zero, value);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(90_061_001, "1d1h1m1s1ms")]
    [InlineData(5_400_000, "1h30m")]
    [InlineData(0.5, "0.5ms")]
    public void Format_Duration_IsShortAndExact(double milliseconds, string text)
        => Assert.Equal(text, DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void Format_Negative_CannotBeReadBack()
        => Assert.False(DurationText.TryParse(DurationText.Format(TimeSpan.FromSeconds(-5)), out _));

    [Fact]
    public void Format_AnyDuration_IsReadBackExactly()
        => Prop.ForAll(
            ArbMap.Default.ArbFor<long>().Filter(ticks => ticks is >= 0 and <= 315_360_000_000 * TimeSpan.TicksPerMillisecond),
            ticks => DurationText.TryParse(DurationText.Format(TimeSpan.FromTicks(ticks)), out var back) && back.Ticks == ticks).QuickCheckThrowOnFailure();

    [Fact]
    public void Converter_NotADuration_SaysWhatOneLooksLike()
    {
        var refused = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<RetryPolicy>("""{"max_delay":"soon"}""", StackJson.Options));
        Assert.Contains("30s", refused.Message, StringComparison.Ordinal);
        Assert.Equal("$.max_delay", refused.Path);
    }
}
