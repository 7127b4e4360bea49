using System.Text.Json;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The generated secrets of an application: one JSON object in <c>secrets.json</c> of the data directory, readable by its owner
/// only. A secret is made once; who deletes the file gets new ones.
/// </summary>
internal sealed class SecretFile(string dataDirectory)
{
    private static readonly Lock Gate = new();
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly string path = Path.Combine(dataDirectory, "secrets.json");

    internal string GetOrAdd(string key, Func<string> make)
    {
        lock (Gate)
        {
            var secrets = Read();
            if (!secrets.TryGetValue(key, out var value))
            {
                value = secrets[key] = make();
                Write(secrets);
            }
            return value;
        }
    }

    /// <summary>What is kept under the key; null when there is nothing.</summary>
    internal string? Find(string key)
    {
        lock (Gate)
        {
            return Read().GetValueOrDefault(key);
        }
    }

    internal void Set(string key, string value)
    {
        lock (Gate)
        {
            var secrets = Read();
            secrets[key] = value;
            Write(secrets);
        }
    }

    internal void Remove(string key)
    {
        lock (Gate)
        {
            var secrets = Read();
            if (secrets.Remove(key))
            {
                Write(secrets);
            }
        }
    }

    private SortedDictionary<string, string> Read()
    {
        if (!File.Exists(path))
        {
            return [];
        }
        try
        {
            return JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(path)) ?? [];
        }
        catch (JsonException failure)
        {
            throw new DistributedApplicationException($"The secrets file {path} is damaged ({failure.Message}). Repair it, or delete it to get new secrets.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The secrets file {path} cannot be read: {failure.Message} Make it readable, or choose another directory with --data DIR.", failure);
        }
    }

    private void Write(SortedDictionary<string, string> secrets)
    {
        StateDirectory.Create(dataDirectory);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        // Written beside and renamed, so that a crash never leaves half a file.
        var temporary = $"{path}.tmp";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, secrets, Json);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
