using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Deploying;

/// <summary>What is asked of docker and podman is what both of them take.</summary>
public sealed class ContainerEngineTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Remove_WithAnEngineWhoseRemovalKnowsNoTime_EndsAndRemoves()
    {
        // Docker: rm has --force, --link and --volumes; stop has -t.
        var engine = Engine("""
            echo "$@" >> "$0.asked"
            case "$1 $2" in "stop -t"|"rm --force") for name in "$@"; do [ "$name" = --time ] && { echo "unknown flag: --time" >&2; exit 125; }; done; exit 0;; esac
            echo "unknown: $*" >&2; exit 125
            """);

        var answer = await engine.RemoveAsync(["one", "two"], CancellationToken.None);

        Assert.True(answer.IsSuccess, answer.Errors);
        Assert.Equal(["stop -t 10 one two", "rm --force one two"], await File.ReadAllLinesAsync($"{engine.Program}.asked"));
    }

    [Fact]
    public async Task Remove_EngineRefuses_SaysWhatItSaid()
    {
        var answer = await Engine("echo 'container is in use' >&2; exit 1").RemoveAsync(["one"], CancellationToken.None);

        Assert.Equal((false, "container is in use"), (answer.IsSuccess, answer.LastWords));
    }

    [Fact]
    public async Task Run_ProgramIsGone_NamesIt()
    {
        var failure = await Assert.ThrowsAsync<Aspire.Hosting.DistributedApplicationException>(() => new ContainerEngine(directory.File("nothing")).RunAsync(["info"], CancellationToken.None));

        Assert.Equal($"{directory.File("nothing")} is not on the PATH any more.", failure.Message);
    }

    private ContainerEngine Engine(string script)
    {
        var path = directory.File("engine");
        File.WriteAllText(path, "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new ContainerEngine(path);
    }
}
