using System.Diagnostics;

namespace Stack.Tests.EndToEnd;

/// <summary>The programs of this solution as they were built with the tests.</summary>
internal static class Programs
{
    public static string PathOf(string project, string assembly)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, assembly));
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not there; build the solution first.");
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, string directory, TimeSpan deadline, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var late = new CancellationTokenSource(deadline);
        var output = process.StandardOutput.ReadToEndAsync(late.Token);
        var error = process.StandardError.ReadToEndAsync(late.Token);
        try
        {
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {deadline}.");
        }
    }

    public static Task<(int ExitCode, string Output, string Error)> CliAsync(RunningStack stack, TimeSpan deadline, params string[] arguments) =>
        RunAsync("dotnet", stack.DataDirectory, deadline, [PathOf("Cli", "stack.dll"), .. arguments, "--server", stack.Address.ToString()]);
}

internal static class Answering
{
    /// <summary>Waits until a condition holds of something that may be away at times: a request that fails counts as no.</summary>
    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string> because) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return await condition();
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or System.Text.Json.JsonException)
            {
                return false; // Not there yet, or just killed.
            }
        },
        because,
        deadline);
}
