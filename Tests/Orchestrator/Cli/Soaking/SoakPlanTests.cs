using Stack.Cli;

namespace Stack.Tests.Orchestrator.Cli.Soaking;

public sealed class SoakPlanTests
{
    private static readonly string[] Components = ["canary-agent", "orchestrator", "postgres"];
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    [Fact]
    public void Next_SameSeed_MakesTheSameFaults() => Assert.Equal(Faults(seed: 7), Faults(seed: 7));

    [Fact]
    public void Next_OtherSeed_MakesOthers() => Assert.NotEqual(Faults(seed: 7), Faults(seed: 8));

    [Fact]
    public void Next_ManyFaults_HurtEverythingInBothWays_AtThePace()
    {
        var faults = Faults(seed: 1);

        Assert.Equal(6, faults.Select(fault => (fault.Component, fault.Action)).Distinct().Count());
        Assert.All(faults, fault => Assert.InRange(fault.After, Every / 2, Every * 1.5));
        Assert.InRange(faults.Average(fault => fault.After.TotalSeconds), 2.7, 3.3);
        Assert.Equal(Enumerable.Range(1, faults.Count), faults.Select(fault => fault.Number));
    }

    private static List<SoakFault> Faults(int seed)
    {
        var plan = new SoakPlan(Components, Every, new Random(seed));
        return [.. Enumerable.Range(0, 200).Select(_ => plan.Next())];
    }
}
