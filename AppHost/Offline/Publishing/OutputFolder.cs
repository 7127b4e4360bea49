using System.Security.Cryptography;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>What became of a file that was to be written.</summary>
internal enum OutputResult
{
    /// <summary>It was not there.</summary>
    Written,

    /// <summary>It said the same already.</summary>
    Unchanged,

    /// <summary>It was ours, and says something else now.</summary>
    Updated,

    /// <summary>Somebody edited it: it stays, and what would have been written stands beside it.</summary>
    Kept,
}

/// <summary>
/// A folder of published files. A file that somebody edited since it was written is never overwritten: the new text goes beside it with the ending <c>.new</c>.
/// What was written last is remembered by its hash in <c>.published</c>; a file that is not in it counts as edited.
/// </summary>
internal sealed class OutputFolder
{
    private const string Ledger = ".published";
    private const string Beside = ".new";

    private readonly string folder;
    private readonly SortedDictionary<string, string> written = new(StringComparer.Ordinal);
    private readonly List<(string File, OutputResult Result)> results = [];

    internal OutputFolder(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        foreach (var line in File.Exists(LedgerPath) ? Guard(() => File.ReadAllLines(LedgerPath)) : [])
        {
            if (line.Split("  ", 2) is [var hash, var file])
            {
                written[file] = hash;
            }
        }
    }

    internal string Folder => folder;

    internal IReadOnlyList<(string File, OutputResult Result)> Results => results;

    private string LedgerPath => Path.Combine(folder, Ledger);

    /// <summary>Writes a file that belongs to the publisher.</summary>
    /// <param name="file">Its path in the folder, with slashes.</param>
    /// <param name="text">What it says.</param>
    internal OutputResult Write(string file, string text)
    {
        var path = Path.Combine(folder, file);
        var beside = path + Beside;
        var current = File.Exists(path) ? Guard(() => File.ReadAllText(path)) : null;
        var result = current switch
        {
            null => OutputResult.Written,
            _ when current == text => OutputResult.Unchanged,
            _ when written.GetValueOrDefault(file) == Hash(current) => OutputResult.Updated,
            _ => OutputResult.Kept,
        };
        Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (result is OutputResult.Kept)
            {
                File.WriteAllText(beside, text);
                return;
            }
            File.Delete(beside);
            if (result is not OutputResult.Unchanged)
            {
                File.WriteAllText(path, text);
            }
        });
        if (result is not OutputResult.Kept)
        {
            written[file] = Hash(text);
        }
        results.Add((file, result));
        return result;
    }

    /// <summary>Writes a file that belongs to whoever deploys: <paramref name="merge"/> makes the new text of the present one, which is null when there is none.</summary>
    internal OutputResult Merge(string file, Func<string?, string> merge)
    {
        var path = Path.Combine(folder, file);
        var current = File.Exists(path) ? Guard(() => File.ReadAllText(path)) : null;
        var text = merge(current);
        var result = current is null ? OutputResult.Written : current == text ? OutputResult.Unchanged : OutputResult.Updated;
        if (result is not OutputResult.Unchanged)
        {
            Guard(() =>
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(path, text);
            });
        }
        results.Add((file, result));
        return result;
    }

    /// <summary>Remembers what was written. Files of an earlier time that are not published any more are removed, unless somebody edited them.</summary>
    internal void Close()
    {
        var current = results.Select(result => result.File).ToHashSet(StringComparer.Ordinal);
        foreach (var (file, hash) in written.Where(entry => !current.Contains(entry.Key)).ToArray())
        {
            var path = Path.Combine(folder, file);
            Guard(() =>
            {
                if (File.Exists(path) && Hash(File.ReadAllText(path)) == hash)
                {
                    File.Delete(path);
                }
            });
            written.Remove(file);
        }
        Guard(() => File.WriteAllText(LedgerPath, string.Concat(written.Select(entry => $"{entry.Value}  {entry.Key}\n"))));
    }

    /// <summary>Whether somebody edited a file since it was written.</summary>
    internal bool IsEdited(string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) && written.GetValueOrDefault(file) != Hash(Guard(() => File.ReadAllText(path)));
    }

    private void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The output path {folder} cannot be used: {failure.Message} Make it writable, or choose another with --output-path DIR.", failure);
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
