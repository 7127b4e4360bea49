using Stack.Contracts;
using Stack.Messaging.RabbitMq;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>Three vocabularies of priority, two of which fall where the others rise: nothing is passed on as a number.</summary>
public sealed class PriorityMappingTests
{
    [Theory]
    [InlineData(1, Priority.Critical)]
    [InlineData(2, Priority.High)]
    [InlineData(3, Priority.Medium)]
    [InlineData(4, Priority.Low)]
    [InlineData(5, Priority.Low)]
    public void FromRank_OneIsTheMostUrgent(int rank, Priority expected) => Assert.Equal(expected, PriorityMapping.FromRank(rank));

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    public void FromRank_OutOfRange_IsRefused(int rank) => Assert.Throws<ArgumentOutOfRangeException>(() => PriorityMapping.FromRank(rank));

    [Fact]
    public void ToRank_AndBack_IsTheSame() => Assert.All(Enum.GetValues<Priority>(), priority => Assert.Equal(priority, PriorityMapping.FromRank(PriorityMapping.ToRank(priority))));

    [Fact]
    public void ToAmqp_MoreUrgent_IsHigherThoughItsRankIsLower()
    {
        var falling = Enum.GetValues<Priority>().OrderByDescending(priority => priority).ToList();
        Assert.Equal(falling, falling.OrderByDescending(PriorityMapping.ToAmqp));
        Assert.Equal(falling, falling.OrderBy(PriorityMapping.ToRank));
        Assert.Equal(4, falling.Select(PriorityMapping.ToAmqp).Distinct().Count());
    }

    [Fact]
    public void ToAmqp_QuorumQueuesOfVersion4_UrgentIsOverTheirBorderAndTheRestIsNot()
    {
        Assert.All((Priority[])[Priority.Critical, Priority.High], priority => Assert.True(PriorityMapping.ToAmqp(priority) > 4));
        Assert.All((Priority[])[Priority.Medium, Priority.Low], priority => Assert.True(PriorityMapping.ToAmqp(priority) <= 4));
    }
}
