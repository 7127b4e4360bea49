using System.Globalization;
using System.Net.Http.Headers;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Checks;

/// <summary>Starts a program on a free port, sends it a request, compares the answer, and ends it.</summary>
/// <param name="ground">Where.</param>
internal sealed class HttpCheck(CheckGround ground)
{
    private const int LongestAnswer = 1 << 20;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    /// <summary>Makes the check.</summary>
    /// <param name="check">The check.</param>
    /// <param name="cancellationToken">Ends it and the program.</param>
    public async Task<CheckFinding> RunAsync(AcceptanceCheck.Http check, CancellationToken cancellationToken)
    {
        var expected = $"{check.Method} {check.Path} answers {check.Status}{(check.Json is null ? "" : $" with {check.Json}")}"
            + $"{(check.Contains is null ? "" : $", containing '{check.Contains}'")}{(check.Matches is null ? "" : $", matching /{check.Matches}/")}";
        if (CheckProgram.Missing(ground, check.Run, check.Directory) is { } missing)
        {
            return new CheckFinding(false, expected, missing);
        }

        var port = FreePort.Next();
        var address = new Uri($"http://127.0.0.1:{port}/");
        await using var child = ground.Processes.Start(RequestFor(check, address, port));
        if (!await child.WaitForPortAsync(port, check.Timeout, cancellationToken))
        {
            // One that ended by itself needs a moment until its last words are here.
            await Task.WhenAny(child.Completion, Task.Delay(LastWords, ground.Time, cancellationToken));
            var result = child.HasExited ? await child.Completion : null;
            return new CheckFinding(false, expected, result is null ? $"nothing listens on port {port} within {DurationText.Format(check.Timeout)}" : $"the program ended with exit code {result.ExitCode}: {result.Tail(3)}")
            {
                ExitCode = result?.ExitCode,
                Output = child.Output,
            };
        }

        var actual = await AskAsync(check, address, cancellationToken);
        return new CheckFinding(actual is null, expected, actual ?? "as expected") { Output = child.Output };
    }

    private ProcessRequest RequestFor(AcceptanceCheck.Http check, Uri address, int port)
    {
        var text = port.ToString(CultureInfo.InvariantCulture);
        return CheckProgram.Of(ground, check.Run, check.Shell, check.Directory, check.Timeout, ("port", text)) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["PORT"] = text,
                ["ASPNETCORE_URLS"] = address.AbsoluteUri.TrimEnd('/'),
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["DATA_DIRECTORY"] = Directory.CreateDirectory(Path.Combine(ground.Scratch, "data-" + text)).FullName,
            },
        };
    }

    private async Task<string?> AskAsync(AcceptanceCheck.Http check, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(check.Method), new Uri(address, check.Path));
            if (check.Body is { } body)
            {
                request.Content = new ByteArrayContent(body.Utf8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            }

            using var response = await ground.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var text = await ReadAsync(response, cancellationToken);
            return HttpExpectation.FindDifference(check.Status, check.Json, (int)response.StatusCode, text) ?? CheckRunner.Difference(text, check.Contains, check.Matches, "the answer");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return $"no answer: {exception.Message}";
        }
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var text = new char[LongestAnswer];
        var length = await reader.ReadBlockAsync(text, cancellationToken);
        return new string(text, 0, length);
    }
}
