using Stack.Tests.Servers;

namespace Stack.Tests.Containers;

/// <summary>A test that works with real containers of podman; skipped, with the remedy, where what makes them is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainerFactAttribute : FactAttribute
{
    private static readonly string[] Needed = ["podman", "runc", "mmdebstrap", "iptables"];

    public ContainerFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            Skip = "The images of container tests are made as root on Linux: run the tests so.";
        }
        else if (Needed.FirstOrDefault(program => ServerPrograms.OnPath(program) is null) is { } missing)
        {
            Skip = $"{missing} is not installed: apt-get install podman runc netavark aardvark-dns iptables mmdebstrap";
        }
    }
}
