using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;
using Stack.ServiceDefaults.Resilience;

namespace Stack.Tests.ServiceDefaults.Resilience;

public sealed class HttpResilienceTests : IAsyncLifetime
{
    private readonly Dictionary<string, string?> settings = new()
    {
        ["Resilience:Http:RetryDelay"] = "00:00:00.005",
        ["Resilience:Http:AttemptTimeout"] = "00:00:01",
        ["Resilience:Http:TotalTimeout"] = "00:00:05",
    };

    private TestService server = null!;
    private int calls;
    private Func<int, HttpContext, Task> answer = (_, _) => Task.CompletedTask;

    public async Task InitializeAsync()
        => server = await TestService.StartAsync(map: app => app.Map("/work", context => answer(Interlocked.Increment(ref calls), context)));

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Theory]
    [InlineData("GET", false, false, 3)]
    [InlineData("PUT", false, false, 3)]
    [InlineData("DELETE", false, false, 3)]
    [InlineData("POST", false, false, 1)]
    [InlineData("PATCH", false, false, 1)]
    [InlineData("POST", true, false, 3)]
    [InlineData("POST", false, true, 3)]
    public async Task Send_ServerFailsTwice_RepeatedOnlyWhenHarmless(string method, bool idempotencyKey, bool allowed, int expected)
    {
        var bodies = new List<string>();
        answer = async (call, context) =>
        {
            bodies.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
            context.Response.StatusCode = call < 3 ? 503 : 200;
        };
        await using var service = await TestService.StartAsync(settings);
        using var request = Request(method);
        request.Content = method is "GET" or "DELETE" ? null : new StringContent("{\"a\":1}", Encoding.UTF8, "application/json");
        if (idempotencyKey)
        {
            request.Headers.Add("Idempotency-Key", "k1");
        }

        if (allowed)
        {
            request.AllowRetries();
        }

        using var response = await service.DefaultClient().SendAsync(request);

        Assert.Equal(expected, calls);
        Assert.Equal(expected == 3 ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(bodies.Distinct());
    }

    [Theory]
    [InlineData(500, 4)]
    [InlineData(408, 4)]
    [InlineData(429, 4)]
    [InlineData(400, 1)]
    [InlineData(404, 1)]
    [InlineData(409, 1)]
    public async Task Send_StatusStays_TransientOnesAreRepeatedAndTheLastIsReturned(int status, int expected)
    {
        answer = (_, context) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await using var service = await TestService.StartAsync(settings);

        using var response = await service.DefaultClient().SendAsync(Request("GET"));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(expected, calls);
    }

    [Fact]
    public async Task Send_BodyIsAStream_SentOnce()
    {
        answer = (_, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await using var service = await TestService.StartAsync(settings);
        using var request = Request("PUT");
        request.Content = new StreamContent(new MemoryStream([1, 2, 3]));

        using var response = await service.DefaultClient().SendAsync(request);

        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Send_RetryAfter_IsHonoured()
    {
        answer = (call, context) =>
        {
            context.Response.StatusCode = call == 1 ? 429 : 200;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        await using var service = await TestService.StartAsync(settings);
        var watch = System.Diagnostics.Stopwatch.StartNew();

        using var response = await service.DefaultClient().SendAsync(Request("GET"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.95, 4);
    }

    [Fact]
    public async Task Send_RetryAfterBeyondTheTotal_AnswerIsReturnedAtOnce()
    {
        answer = (_, context) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        };
        await using var service = await TestService.StartAsync(settings);

        using var response = await service.DefaultClient().SendAsync(Request("GET"));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Send_ServerHangs_AttemptTimeoutThenSuccess()
    {
        answer = (call, context) => call == 1 ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Task.CompletedTask;
        await using var service = await TestService.StartAsync(settings);

        using var response = await service.DefaultClient().SendAsync(Request("GET"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Send_ServerHangsOnPost_HttpRequestExceptionNamesTimeAndSetting()
    {
        answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        settings["Resilience:Http:AttemptTimeout"] = "00:00:00.1";
        await using var service = await TestService.StartAsync(settings);

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => service.DefaultClient().SendAsync(Request("POST", "?secret=1")));

        Assert.IsType<TimeoutRejectedException>(failure.InnerException);
        Assert.Equal($"POST {server.Address}work had no answer within 0.1 s; see Resilience:Http:TotalTimeout and AttemptTimeout.", failure.Message);
    }

    [Fact]
    public async Task Send_CallerCancels_OperationCanceled()
    {
        answer = (_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var service = await TestService.StartAsync(settings);
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.DefaultClient().SendAsync(Request("GET"), stop.Token));
    }

    [Fact]
    public async Task Send_OwnTimeout_OutlastsTheDefaults()
    {
        answer = (_, context) => Task.Delay(1500, context.RequestAborted);
        settings["Resilience:Http:AttemptTimeout"] = "00:00:00.1";
        settings["Resilience:Http:TotalTimeout"] = "00:00:00.2";
        await using var service = await TestService.StartAsync(settings);

        using var response = await service.DefaultClient().SendAsync(Request("GET").WithTimeout(TimeSpan.FromSeconds(30)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Send_OptedOut_SentOnceWithoutTimeout()
    {
        answer = async (_, context) =>
        {
            await Task.Delay(300, context.RequestAborted);
            context.Response.StatusCode = 503;
        };
        settings["Resilience:Http:AttemptTimeout"] = "00:00:00.1";
        await using var service = await TestService.StartAsync(settings);

        using var response = await service.DefaultClient().SendAsync(Request("GET").WithoutResilience());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Send_HostKeepsFailing_BreakerRefusesItAloneAndClosesAgain()
    {
        var broken = true;
        answer = (_, context) =>
        {
            context.Response.StatusCode = broken ? 500 : 200;
            return Task.CompletedTask;
        };
        settings["Resilience:Http:BreakerMinimumThroughput"] = "4";
        settings["Resilience:Http:BreakerPause"] = "00:00:00.5";
        settings["Resilience:Http:Retries"] = "0";
        await using var other = await TestService.StartAsync();
        await using var service = await TestService.StartAsync(settings);
        using var client = service.DefaultClient();
        for (var i = 0; i < 4; i++)
        {
            using var failed = await client.SendAsync(Request("GET"));
        }

        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(Request("GET")));
        using var elsewhere = await client.GetAsync(new Uri(other.Address, "/alive"));
        broken = false;
        await Eventually.TrueAsync(async () => await AnswersAsync(client), "the breaker closes when the host works again");

        Assert.IsAssignableFrom<BrokenCircuitException>(refusal.InnerException);
        Assert.Contains(server.Address.Authority, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Start_OptionsMakeNoSense_EachIsNamedWithRemedy()
    {
        settings["Resilience:Http:TotalTimeout"] = "00:00:00.5";
        settings["Resilience:Http:BreakerFailureRatio"] = "2";

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => TestService.StartAsync(settings));

        Assert.Contains("Resilience:Http:TotalTimeout is 00:00:00.5000000; give at least AttemptTimeout (00:00:01).", refusal.Failures);
        Assert.Contains("Resilience:Http:BreakerFailureRatio is 2; give a share above 0 and at most 1, for example 0.5.", refusal.Failures);
    }

    private async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            using var response = await client.SendAsync(Request("GET"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private HttpRequestMessage Request(string method, string query = "") => new(new HttpMethod(method), new Uri(server.Address, "/work" + query));
}
