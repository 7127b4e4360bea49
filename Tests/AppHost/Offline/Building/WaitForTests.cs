using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Stack.Tests.AppHost.Offline.Building;

public sealed class WaitForTests
{
    private readonly IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder();

    [Fact]
    public void WaitFor_Itself_IsRefused()
    {
        var one = builder.AddExecutable("one", "true", ".");

        var refusal = Assert.Throws<DistributedApplicationException>(() => one.WaitFor(one));

        Assert.Equal("The 'one' resource cannot wait for itself.", refusal.Message);
    }

    [Fact]
    public void WaitFor_AChild_WaitsForTheParentToo()
    {
        var postgres = builder.AddPostgres("postgres");
        var database = postgres.AddDatabase("db");

        var one = builder.AddExecutable("one", "true", ".").WaitFor(database);

        Assert.Equal([postgres.Resource, database.Resource], one.Resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource));
        Assert.Equal([database.Resource], one.Resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(relation => relation.Resource));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1x")]
    [InlineData("a--b")]
    [InlineData("a-")]
    [InlineData("a_b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Name_OfAResource_IsChecked(string name) => Assert.ThrowsAny<ArgumentException>(() => builder.AddExecutable(name, "true", "."));

    [Fact]
    public void Name_UsedTwiceInAnyCase_IsRefused()
    {
        builder.AddExecutable("one", "true", ".");

        Assert.Throws<DistributedApplicationException>(() => builder.AddRedis("ONE"));
    }
}
