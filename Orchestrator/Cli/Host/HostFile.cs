using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Where the AppHost of a data folder can be told what to do: the file that it leaves while it runs.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Address">Its control endpoint.</param>
/// <param name="Token">What it asks for.</param>
internal sealed record HostFile(int Pid, Uri Address, string Token)
{
    /// <summary>Reads the file of a data folder.</summary>
    /// <param name="directory">The data folder.</param>
    /// <exception cref="HostUnreachableException">There is none, or it cannot be read.</exception>
    public static HostFile Read(string directory)
    {
        var path = Path.Combine(directory, "run", "host.json");
        try
        {
            return JsonSerializer.Deserialize<HostFile>(File.ReadAllBytes(path), StackJson.Options)
                ?? throw new HostUnreachableException($"{path} is empty.", null);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HostUnreachableException($"No AppHost runs on the data folder {directory}: {path} is not there.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new HostUnreachableException($"{path} cannot be read: {failure.Message}", failure);
        }
    }
}
