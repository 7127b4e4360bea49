using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Servers;

public sealed class ClientPasswordTests
{
    [Theory]
    [InlineData("before it's", true)]
    [InlineData("a=b,c\"d{e}", true)]
    [InlineData("pa;ss", false)]
    [InlineData("=ss", false)]
    [InlineData(" pass", false)]
    [InlineData("'quoted'", false)]
    public void SurvivesSemicolons_IsSo_WhenClientsReadItAsItIs(string password, bool survives) => Assert.Equal(survives, ClientPassword.SurvivesSemicolons(password));

    [Theory]
    [InlineData("a;b=c'd", true)]
    [InlineData("a,b", false)]
    [InlineData("pass ", false)]
    public void SurvivesCommas_IsSo_WhenClientsReadItAsItIs(string password, bool survives) => Assert.Equal(survives, ClientPassword.SurvivesCommas(password));

    [Fact]
    public async Task Read_LineEndsInIt_IsRefusedNamingTheParameterAndNotThePassword()
    {
        var parameter = new ParameterResource("redis-password", _ => "first\nsecond", secret: true);
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => ClientPassword.ReadAsync(parameter, ClientPassword.SurvivesCommas, CancellationToken.None));
        Assert.Contains("--Parameters:redis-password VALUE", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("second", refusal.Message, StringComparison.Ordinal);
    }
}
