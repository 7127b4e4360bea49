using Microsoft.Extensions.Configuration;
using Stack.ServiceDefaults.Discovery;

namespace Stack.Tests.ServiceDefaults.Discovery;

public sealed class ServiceAddressesTests
{
    [Theory]
    [InlineData("http://orchestrator/api/v1?x=1", "http://127.0.0.1:3000/api/v1?x=1")]
    [InlineData("https+http://orchestrator/api", "http://127.0.0.1:3000/api")]
    [InlineData("https+http://both/", "https://127.0.0.1:3443/")]
    [InlineData("http://_metrics.both/", "http://127.0.0.1:9999/")]
    [InlineData("http://plain/x", "http://10.0.0.1/base/x")]
    [InlineData("http://bare/x", "http://127.0.0.1:81/x")]
    [InlineData("http://unknown/x", "http://unknown/x")]
    [InlineData("http://localhost/x", "http://localhost/x")]
    [InlineData("http://orchestrator:8080/x", "http://orchestrator:8080/x")]
    [InlineData("http://127.0.0.1/x", "http://127.0.0.1/x")]
    [InlineData("http://[::1]/x", "http://[::1]/x")]
    [InlineData("https+http://unknown/x", "https://unknown/x")]
    public void Resolve_Name_ItsAddress(string uri, string expected)
    {
        using var addresses = new ServiceAddresses(Configuration());

        Assert.Equal(expected, addresses.Resolve(new Uri(uri)).AbsoluteUri);
    }

    [Fact]
    public void Resolve_TwoReplicas_TakesTurns()
    {
        using var addresses = new ServiceAddresses(Configuration());

        var ports = Enumerable.Range(0, 4).Select(_ => addresses.Resolve(new Uri("http://agents/")).Port).ToList();

        Assert.Equal(2, ports.Count(port => port == 5001));
        Assert.Equal(2, ports.Count(port => port == 5002));
    }

    [Fact]
    public void Resolve_ConfigurationReloaded_UsesTheNewAddress()
    {
        var configuration = Configuration();
        using var addresses = new ServiceAddresses(configuration);
        var before = addresses.Resolve(new Uri("http://orchestrator/")).Port;

        configuration["services:orchestrator:http:0"] = "http://127.0.0.1:4000";
        configuration.Reload();

        Assert.Equal(3000, before);
        Assert.Equal(4000, addresses.Resolve(new Uri("http://orchestrator/")).Port);
    }

    [Fact]
    public void Resolve_AddressMakesNoSense_SaysWhichSettingAndHow()
    {
        using var addresses = new ServiceAddresses(Configuration());

        var refusal = Assert.Throws<HttpRequestException>(() => addresses.Resolve(new Uri("http://broken/")));

        Assert.Equal("services:broken:http: 'http://' is not an address; write it as http://host:port.", refusal.Message);
    }

    [Fact]
    public async Task Send_NamedService_ReachesItAndTheRequestKeepsTheName()
    {
        await using var upstream = await TestService.StartAsync();
        await using var service = await TestService.StartAsync(new() { ["services:orchestrator:http:0"] = upstream.Address.ToString() });
        using var client = service.DefaultClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https+http://orchestrator/alive"));

        using var response = await client.SendAsync(request);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("https+http://orchestrator/alive", request.RequestUri!.ToString());
    }

    private static IConfigurationRoot Configuration() => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["services:orchestrator:http:0"] = "http://127.0.0.1:3000",
        ["services:both:http:0"] = "http://127.0.0.1:3080",
        ["services:both:https:0"] = "https://127.0.0.1:3443",
        ["services:both:metrics:0"] = "http://127.0.0.1:9999",
        ["services:plain:default:0"] = "http://10.0.0.1/base/",
        ["services:bare:http:0"] = "127.0.0.1:81",
        ["services:agents:http:0"] = "http://127.0.0.1:5001",
        ["services:agents:http:1"] = "http://127.0.0.1:5002",
        ["services:broken:http:0"] = "http://",
    }).Build();
}
