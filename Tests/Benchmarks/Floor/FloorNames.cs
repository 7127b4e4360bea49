namespace Stack.Benchmarks.Floor;

/// <summary>The queues of the floor; those of one type of queue do not meet those of another.</summary>
internal static class FloorNames
{
    public static string Tasks(string suffix) => "floor.tasks." + suffix;

    public static string Results(string suffix) => "floor.results." + suffix;
}
