using Microsoft.Extensions.Configuration;
using Stack.Orchestrator.Hosting;

namespace Stack.Tests.Orchestrator.Hosting;

public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://127.0.0.1:0", true)]
    [InlineData("http://127.8.8.8:80", true)]
    [InlineData("http://[::1]:3000", true)]
    [InlineData("http://stack.localhost:3000", true)]
    [InlineData("http://unix:/tmp/x.sock", true)]
    [InlineData("http://0.0.0.0:3000", false)]
    [InlineData("http://[::]:3000", false)]
    [InlineData("http://+:3000", false)]
    [InlineData("http://*:3000", false)]
    [InlineData("http://10.0.0.1:3000", false)]
    [InlineData("http://example.com:3000", false)]
    [InlineData("nonsense", false)]
    public void IsLoopback_ByAddress_IsWhatOnlyThisMachineReaches(string address, bool loopback)
        => Assert.Equal(loopback, ListenAddresses.IsLoopback(address));

    [Theory]
    [InlineData("urls", "http://0.0.0.0:1", "http://0.0.0.0:1")]
    [InlineData("http_ports", "8080;8081", "http://*:8080 http://*:8081")]
    [InlineData("Kestrel:Endpoints:Web:Url", "http://*:9", "http://*:9")]
    [InlineData("none", "", "http://localhost:3000")]
    public void Of_Settings_AreReadAsTheServerReadsThem(string name, string value, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build();
        Assert.Equal(expected, string.Join(' ', ListenAddresses.Of(configuration)));
    }
}
