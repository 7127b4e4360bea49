using System.Globalization;

namespace Stack.Benchmarks.Servers;

/// <summary>What a process and all its descendants have used.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;

    /// <summary>Processor time in seconds, that of descendants which have ended included.</summary>
    public static double CpuSeconds(int root)
    {
        var all = ReadAll();
        var children = all.ToLookup(process => process.Parent);
        return all.Where(process => process.Id == root).Sum(process => Sum(process, children)) / TicksPerSecond;
    }

    private static long Sum(Usage process, ILookup<int, Usage> children) => process.Ticks + children[process.Id].Sum(child => Sum(child, children));

    private static List<Usage> ReadAll()
    {
        var all = new List<Usage>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                try
                {
                    all.Add(Parse(id, File.ReadAllText(Path.Combine(directory, "stat"))));
                }
                catch (IOException)
                {
                    // It ended while we looked.
                }
            }
        }

        return all;
    }

    // The fields after the name, which is in parentheses and can hold anything: state, ppid, ..., utime (12th), stime, cutime, cstime.
    private static Usage Parse(int id, string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = fields.AsSpan(11, 4).ToArray().Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return new Usage(id, int.Parse(fields[1], CultureInfo.InvariantCulture), ticks);
    }

    private readonly record struct Usage(int Id, int Parent, long Ticks);
}
