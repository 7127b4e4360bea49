using Stack.Agents.E2e;
using Stack.Contracts;

namespace Stack.Tests.Agents.E2e;

public sealed class CommandProberTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProcessTool _processes;

    public CommandProberTests() =>
        _processes = new ProcessTool(new ProcessEnvironment(_folder.At("home"), Environment.GetEnvironmentVariables()), $"{Guid.CreateVersion7():n}/e2e/", _folder.Path, _folder.At("t"), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0, "got a b: in", null, null)]
    [InlineData(1, null, null, "the exit code is 0: warned")]
    [InlineData(0, "other", null, "the output is 'got a b: in'")]
    [InlineData(0, null, "warned", null)]
    [InlineData(0, null, "other", "the error is 'warned'")]
    public async Task Probe_Program_IsComparedWithWhatIsExpected(int exitCode, string? output, string? error, string? difference)
    {
        var program = _folder.WriteScript("program", "echo \"got $1 $2: $(cat)\"\necho warned >&2\n");
        var log = new E2eLog();

        await new CommandProber(_processes, [program], _folder.At("run"), log)
            .ProbeAsync(new CommandProbe { Name = "runs", Arguments = ["a", "b"], Input = "in", ExitCode = exitCode, Output = output, Error = error }, CancellationToken.None);

        var step = Assert.Single(log.Steps);
        Assert.Equal((difference is null, difference ?? "as expected"), (step.Passed, step.Actual));
    }
}
