using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine;

public sealed class EngineOptionsTests
{
    public static TheoryData<Action<EngineOptions>, string> Bad => new()
    {
        { options => options.HeartbeatInterval = TimeSpan.Zero, "Engine:HeartbeatInterval is 00:00:00; it must be positive." },
        { options => options.LeaseDuration = TimeSpan.FromSeconds(14), "it must be at least three times Engine:HeartbeatInterval" },
        { options => options.RescueInterval = TimeSpan.Zero, "Engine:RescueInterval, Engine:TimerInterval and Engine:RetentionInterval must be positive." },
        { options => options.LingerDuration = TimeSpan.FromSeconds(6), "Engine:LingerDuration is 00:00:06; it must be between zero and a third of Engine:LeaseDuration." },
        { options => options.MailboxCapacity = 0, "Engine:MailboxCapacity is 0; write 1 to 1,000,000." },
        { options => options.MaxBatch = 20_000, "Engine:MaxBatch is 20000; write 1 to 10,000." },
        { options => options.CacheCapacity = 0, "Engine:CacheCapacity is 0; write 1 to 10,000,000." },
        { options => options.RetentionPeriod = TimeSpan.FromDays(-1), "Engine:RetentionPeriod is -1.00:00:00; write zero (for ever) or more." },
    };

    [Fact]
    public void Validate_Defaults_AreGood() => Assert.Empty(new EngineOptions().Validate());

    [Theory]
    [MemberData(nameof(Bad))]
    public void Validate_OneBadValue_IsNamedWithItsRemedy(Action<EngineOptions> change, string problem)
    {
        var options = new EngineOptions();
        change(options);
        Assert.Contains(problem, Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Fact]
    public void AddEngine_BadOptions_AreRefusedWhenTheyAreRead()
    {
        using var services = new ServiceCollection().AddEngine(options => options.MaxBatch = 0).BuildServiceProvider();
        var refused = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<EngineOptions>>().Value);
        Assert.Contains("Engine:MaxBatch", refused.Message, StringComparison.Ordinal);
    }
}
