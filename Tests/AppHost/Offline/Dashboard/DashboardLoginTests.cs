using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Dashboard;

public sealed class DashboardLoginTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly SettableTime time = new();

    [Fact]
    public void Token_OfTheNextRun_IsTheSameAndItsCookiesCount()
    {
        var first = Make();
        var cookie = first.Issue();

        var second = Make();

        Assert.Equal(first.Token, second.Token);
        Assert.Equal(first.CookieName, second.CookieName);
        Assert.True(second.IsCookie(cookie));
    }

    [Fact]
    public void Cookie_OfAnotherToken_DoesNotCount()
    {
        var cookie = Make("one").Issue();

        Assert.False(Make("another").IsCookie(cookie));
        Assert.True(Make("one").IsCookie(cookie));
    }

    [Fact]
    public void Cookie_AfterItsTime_DoesNotCount()
    {
        var login = Make();
        var cookie = login.Issue();

        time.Now += DashboardLogin.Lifetime + TimeSpan.FromSeconds(1);

        Assert.False(login.IsCookie(cookie));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("9999999999")]
    [InlineData("9999999999.")]
    [InlineData("9999999999.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("x.y.z")]
    public void Cookie_ThatWasMadeUp_DoesNotCount(string? cookie) => Assert.False(Make().IsCookie(cookie));

    [Fact]
    public void Token_Configured_IsTheOnlyOne()
    {
        var login = Make("chosen");

        Assert.True(login.IsToken("chosen"));
        Assert.False(login.IsToken("Chosen"));
        Assert.False(login.IsToken(null));
        Assert.False(login.IsToken(""));
    }

    public void Dispose() => directory.Dispose();

    private DashboardLogin Make(string? token = null) => new(new DashboardOptions { BrowserToken = token }, new StateDirectory(directory.Path), time);

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
