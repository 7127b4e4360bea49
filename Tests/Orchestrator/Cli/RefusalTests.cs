using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli;

/// <summary>What a person sees, and a script gets, when something cannot be done.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private ScriptedOrchestrator _orchestrator = null!;

    public async Task InitializeAsync() => _orchestrator = await ScriptedOrchestrator.StartAsync();

    public async Task DisposeAsync() => await _orchestrator.DisposeAsync();

    [Theory]
    [InlineData(400, 64)]
    [InlineData(401, 64)]
    [InlineData(404, 64)]
    [InlineData(409, 1)]
    [InlineData(413, 64)]
    [InlineData(422, 64)]
    [InlineData(429, 69)]
    [InlineData(500, 1)]
    [InlineData(503, 69)]
    public async Task Command_Refused_ExitCodeSaysWhoseTurnItIs(int status, int code)
    {
        _orchestrator.Refuse("GET /api/v1/agents", Scripts.Problem(status, "No", "Because of 'x'."));

        var outcome = await StackCommand.RunAsync(_orchestrator, "agents");

        Assert.Equal((ExitCode)code, outcome.Code);
        Assert.Empty(outcome.Out);
        Assert.StartsWith("Error: No. Because of 'x'.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_TooMuchAtOnce_ComesAgainWhenItIsTold()
    {
        _orchestrator.Busy.Enqueue("GET /api/v1/agents");
        _orchestrator.Busy.Enqueue("GET /api/v1/agents");

        var outcome = await StackCommand.RunAsync(_orchestrator, "agents");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Empty(_orchestrator.Busy);
    }

    [Fact]
    public async Task Run_RequirementsAreEmpty_ShowsEveryDetail()
    {
        _orchestrator.Refuse("POST /api/v1/workflows", Scripts.Problem(400, "The request is not valid.", "project_requirements: is empty. Say what you want. name: is too long.") with { Details = ["project_requirements: is empty. Say what you want.", "name: is too long."] });

        var outcome = await StackCommand.RunAsync(_orchestrator, "run", "");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Equal(["Error: The request is not valid.", "  project_requirements: is empty. Say what you want.", "  name: is too long."], outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("apply")]
    [InlineData("validate")]
    public async Task Definitions_Bad_ShowsPathValueAndRemedyOfEveryProblem(string command)
    {
        _orchestrator.Problems.Add(new DefinitionProblem { Path = "stages[0].agent", Value = "\"scafold\"", Message = "There is no agent type of this name.", Remedy = "Did you mean 'scaffold'?", Line = 4 });
        _orchestrator.Problems.Add(new DefinitionProblem { Path = "stages[1].timeout", Message = "It is negative.", Remedy = "Write for example 5m." });

        var outcome = await new StackCommand { Input = "name: x" }.InvokeAsync(_orchestrator.Address, CancellationToken.None, "definitions", command, "-");

        Assert.Equal(ExitCode.Usage, outcome.Code);
        var said = outcome.Out + outcome.Error;
        Assert.Contains("line 4, stages[0].agent: There is no agent type of this name. (found: \"scafold\")", said, StringComparison.Ordinal);
        Assert.Contains("    Did you mean 'scaffold'?", said, StringComparison.Ordinal);
        Assert.Contains("stages[1].timeout: It is negative.", said, StringComparison.Ordinal);
        Assert.Contains("    Write for example 5m.", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_RefusedAndJson_TheProblemIsOneLineOfJsonBesideTheOutput()
    {
        _orchestrator.Refuse("GET /api/v1/agents", Scripts.Problem(409, "No", "Because."));

        var outcome = await StackCommand.RunAsync(_orchestrator, "agents", "--json");

        Assert.Empty(outcome.Out);
        Assert.Equal("Because.", JsonSerializer.Deserialize<ProblemResource>(outcome.Error, StackJson.Options)!.Detail);
    }

    [Theory]
    [InlineData("run wishes")]
    [InlineData("list")]
    [InlineData("follow last")]
    [InlineData("files last")]
    public async Task Command_NobodyListens_NamesTheAddressAndHowToStart(string line)
    {
        var address = _orchestrator.Address;
        await _orchestrator.StopAsync();

        var outcome = await new StackCommand().InvokeAsync(address, CancellationToken.None, line.Split(' '));

        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains($"at {address.AbsoluteUri.TrimEnd('/')}: connection refused", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("dotnet run --project AppHost", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_NobodyListens_IsNoFailure()
    {
        var address = _orchestrator.Address;
        await _orchestrator.StopAsync();

        var outcome = await new StackCommand().InvokeAsync(address, CancellationToken.None, "version");

        Assert.Equal(ExitCode.Completed, outcome.Code);
        Assert.Contains("orchestrator not reachable", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_SomethingElseListens_SaysSo()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>");

        var outcome = await new StackCommand().InvokeAsync(new Uri($"http://{listener.LocalEndpoint}"), CancellationToken.None, "agents");

        await answering;
        listener.Stop();
        Assert.Equal(ExitCode.Unavailable, outcome.Code);
        Assert.Contains("another program may listen there", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Required command")]
    [InlineData("lst", "list")]
    [InlineData("show", "Required argument")]
    [InlineData("run", "What is wanted?")]
    [InlineData("run --nofollow", "There is no option '--nofollow'")]
    [InlineData("run a --file b", "given twice")]
    [InlineData("run --file /does/not/exist", "'/does/not/exist' cannot be read")]
    [InlineData("run a --priority urgent", "urgent")]
    [InlineData("list --limit 0", "--limit 0 is out of range")]
    [InlineData("list --status done", "done")]
    [InlineData("follow last --give-up-after 5", "'5' is not a duration")]
    [InlineData("agents --server ftp://here", "'ftp://here' is not the address of a server")]
    [InlineData("completion tcsh", "tcsh")]
    [InlineData("files last a -o b", "not both")]
    public async Task Command_WrongUsage_IsRefusedInWords(string line, string message)
    {
        _orchestrator.Put(Scripts.Workflow());

        var outcome = await StackCommand.RunAsync(_orchestrator, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Out);
    }

    [Theory]
    [InlineData("10.0.0.1:9", true)]
    [InlineData("localhost:1", false)]
    public async Task Command_KeyWithoutEncryption_WarnsOnlyBeyondThisMachine(string server, bool warns)
    {
        using var once = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        var outcome = await new StackCommand().InvokeAsync(_orchestrator.Address, once.Token, "agents", "--server", server, "--api-key", "k");

        Assert.Equal(warns, outcome.Error.Contains("unencrypted", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "http://localhost:3000/")]
    [InlineData("", "http://localhost:3000/")]
    [InlineData("example.org:8080", "http://example.org:8080/")]
    [InlineData("https://example.org/stack/", "https://example.org/stack/")]
    [InlineData("https://example.org/stack", "https://example.org/stack/")]
    public void ServerAddress_AsPeopleWriteIt_IsUnderstood(string? text, string address) => Assert.Equal(address, ServerAddress.Parse(text).AbsoluteUri);

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
    }
}
