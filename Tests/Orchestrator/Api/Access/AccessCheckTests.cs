using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Access;

public sealed class AccessCheckTests
{
    private const string AdminKey = "admin-key-0123456789";
    private const string WriteKey = "write-key-0123456789";
    private const string ReadKey = "read-key-01234567890";
    private const string JoinToken = "join-token-0123456789";

    private static readonly (string Method, string Path)[] Routes =
    [
        ("GET", "/api/v1/workflows"),
        ("GET", "/api/v1/agents"),
        ("GET", "/git/01890000-0000-7000-8000-000000000000.git/info/refs?service=git-upload-pack"),
        ("POST", "/api/v1/workflows"),
        ("POST", "/api/v1/workflows/01890000-0000-7000-8000-000000000000/cancel"),
        ("POST", "/api/v1/deployments/none/stop"),
        ("POST", "/api/v1/definitions"),
        ("POST", "/api/v1/agents"),
        ("POST", "/api/v1/tasks/claim"),
        ("POST", "/api/v1/tasks/results"),
        ("PUT", "/api/v1/deployments/none"),
        ("POST", "/git/01890000-0000-7000-8000-000000000000.git/git-receive-pack"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("GET", "/health/live"),
        ("GET", "/api/v1/health"),
        ("GET", "/openapi/v1.json"),
    ];

    // + let in, - 401, x 403; one character for each route above.
    [Theory]
    [InlineData("keys and agents", null, "--------------+++")]
    [InlineData("keys and agents", "wrong-key", "--------------+++")]
    [InlineData("keys and agents", ReadKey, "+++xxxx-----xx+++")]
    [InlineData("keys and agents", WriteKey, "++++++x-----+++++")]
    [InlineData("keys and agents", AdminKey, "+++++++-----+++++")]
    [InlineData("keys and agents", JoinToken, "xxxxxxx+----xx+++")]
    [InlineData("keys and agents", "agent", "+++xxxxx+++++++++")]
    [InlineData("keys", ReadKey, "+++xxxx-----xx+++")]
    [InlineData("keys", WriteKey, "++++++x++++++++++")]
    [InlineData("agents", null, "+++++++-----+++++")]
    [InlineData("agents", "wrong-token", "+++++++-----+++++")]
    [InlineData("agents", "agent", "+++xxxxx+++++++++")]
    [InlineData("nothing", null, "+++++++++++++++++")]
    [InlineData("nothing", "whatever", "+++++++++++++++++")]
    public async Task Request_ByCallerAndRoute_IsLetInAsTheTableSays(string configured, string? token, string expected)
    {
        await using var host = await StartAsync(configured);
        var client = host.Client;
        if (token == "agent")
        {
            token = (await TestAgent.RegisterAsync(host, "noop", JoinToken)).Registered.Token;
            Assert.NotNull(token);
        }

        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        var seen = new StringBuilder();
        foreach (var (method, path) in Routes)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "GET" ? null : Answers.Json("{") };
            using var answer = await client.SendAsync(request);
            seen.Append(answer.StatusCode switch { HttpStatusCode.Unauthorized => '-', HttpStatusCode.Forbidden => 'x', _ => '+' });
        }

        Assert.Equal(expected, seen.ToString());
    }

    [Fact]
    public async Task Request_WrongKey_IsToldWhereKeysComeFrom()
    {
        await using var host = await StartAsync("keys");
        using var client = host.ClientWith("wrong-key");
        var problem = await client.GetAsync("/api/v1/workflows").ProblemAsync(HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.Equal("The API key is not known. Send 'Authorization: Bearer KEY' with a key of Stack:ApiKeys.", problem.Detail);
        var missing = await host.Client.GetAsync("/api/v1/workflows").ProblemAsync(HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.Equal("The API key is missing. Send 'Authorization: Bearer KEY' with a key of Stack:ApiKeys.", missing.Detail);
    }

    [Fact]
    public async Task Request_KeyOfTooSmallAScope_IsToldWhichIsNeeded()
    {
        await using var host = await StartAsync("keys");
        using var client = host.ClientWith(ReadKey);
        var problem = await client.PostAsync("/api/v1/workflows", Answers.Json("{}")).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        Assert.Equal("'reader' has the scope read; this needs write. Use a key whose Stack:ApiKeys:NAME:Scope allows it.", problem.Detail);
    }

    [Fact]
    public async Task Submit_WithAKey_IsByTheKeysName()
    {
        await using var host = await StartAsync("keys");
        using var client = host.ClientWith(WriteKey);
        var workflow = await client.PostAsync("/api/v1/workflows", Answers.Json("""{"project_requirements":"x"}""")).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        Assert.Equal("writer", workflow.CreatedBy);
    }

    [Fact]
    public async Task Claim_WrongAgentToken_IsToldToRegister()
    {
        await using var host = await StartAsync("agents");
        await using var agent = await TestAgent.RegisterAsync(host, "noop", JoinToken);
        using var client = host.ClientWith(agent.Registered.Token![..^2] + "xx");
        var problem = await client.PostAsync("/api/v1/tasks/claim", Answers.Json("{}")).ProblemAsync(HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.Equal(
            "This is for agents, and the token is missing or wrong. Register with POST /api/v1/agents and send the token of the answer as 'Authorization: Bearer TOKEN'; after a change of Stack:AgentToken register again.",
            problem.Detail);
        using var stranger = host.ClientWith("wrong");
        var refused = await stranger.PostAsync("/api/v1/agents", Answers.Json("{}")).ProblemAsync(HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.Equal("This orchestrator has a join token, and the request does not show it. Send 'Authorization: Bearer TOKEN' with the value of Stack:AgentToken.", refused.Detail);
    }

    [Fact]
    public async Task Claim_ForAnotherAgent_IsForbidden()
    {
        await using var host = await StartAsync("agents");
        await using var one = await TestAgent.RegisterAsync(host, "noop", JoinToken);
        await using var other = await TestAgent.RegisterAsync(host, "noop", JoinToken);
        var claim = Answers.Of(new TaskClaim { AgentId = other.Id, AgentType = "noop", WaitMs = 0 });
        var problem = await one.Client.PostAsync("/api/v1/tasks/claim", claim).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        Assert.Equal($"The token belongs to agent '{one.Id}', which cannot speak for '{other.Id}'. Use the token that this agent got when it registered.", problem.Detail);
    }

    [Fact]
    public async Task AgentToken_AfterARestart_StillHoldsUnlessTheJoinTokenChanged()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-").FullName;
        string token;
        await using (var host = await OrchestratorHost.StartOnAsync(folder, "Stack:AgentToken=" + JoinToken))
        {
            token = (await TestAgent.RegisterAsync(host, "noop", JoinToken)).Registered.Token!;
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "agent-secret")));
        }

        Assert.Equal(HttpStatusCode.BadRequest, await ClaimAsync(folder, JoinToken, token));
        Assert.Equal(HttpStatusCode.Unauthorized, await ClaimAsync(folder, JoinToken + "2", token));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("Host", "evil.example", "The Host header is 'evil.example'; without API keys only loopback names are answered. Use http://localhost:3000, or configure Stack:ApiKeys.")]
    [InlineData("Origin", "https://evil.example", "The Origin is 'https://evil.example'; without API keys only pages from this machine may call. Configure Stack:ApiKeys.")]
    [InlineData("Origin", "null", "The Origin is 'null'; without API keys only pages from this machine may call. Configure Stack:ApiKeys.")]
    [InlineData("X-Forwarded-For", "10.1.2.3", "The request came through a proxy; without API keys only direct requests from this machine are answered. Configure Stack:ApiKeys.")]
    public async Task Request_NotFromThisMachinesOwner_IsForbiddenWithoutKeys(string header, string value, string detail)
    {
        await using var host = await StartAsync("nothing");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/workflows");
        request.Headers.TryAddWithoutValidation(header, value);
        var problem = await host.Client.SendAsync(request).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        Assert.Equal(detail, problem.Detail);
    }

    [Fact]
    public async Task Request_FromALoopbackPage_IsAnsweredWithCorsHeaders()
    {
        await using var host = await StartAsync("nothing");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/workflows");
        request.Headers.Add("Origin", "http://localhost:5173");
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("http://localhost:5173", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    private static Task<OrchestratorHost> StartAsync(string configured)
    {
        string[] keys = [$"Stack:ApiKeys:admin={AdminKey}", $"Stack:ApiKeys:writer:Key=sha256:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(WriteKey)))}", "Stack:ApiKeys:writer:Scope=write", $"Stack:ApiKeys:reader={ReadKey}", "Stack:ApiKeys:reader:Scope=read"];
        string[] agents = ["Stack:AgentToken=" + JoinToken];
        return OrchestratorHost.StartAsync(configured switch { "keys and agents" => [.. keys, .. agents], "keys" => keys, "agents" => agents, _ => [] });
    }

    private static async Task<HttpStatusCode> ClaimAsync(string folder, string join, string token)
    {
        await using var host = await OrchestratorHost.StartOnAsync(folder, "Stack:AgentToken=" + join);
        using var client = host.ClientWith(token);
        using var answer = await client.PostAsync("/api/v1/tasks/claim", Answers.Json("{}"));
        return answer.StatusCode;
    }
}
