namespace Aspire.Hosting.Offline;

/// <summary>How a system installs servers, and how those that the package starts are stopped: the host starts its own.</summary>
internal sealed class ServerPackages(IReadOnlyDictionary<string, string> system, bool isMac, bool isRoot)
{
    private enum Kind
    {
        Unknown,
        Apt,
        Dnf,
        Zypper,
        Pacman,
        Apk,
        Brew,
    }

    internal static ServerPackages OfThisMachine() => new(ReadSystem("/etc/os-release"), OperatingSystem.IsMacOS(), Environment.IsPrivilegedProcess);

    /// <summary>The commands that install the products, as text for people.</summary>
    internal string Describe(IReadOnlyCollection<string> products)
    {
        var kind = KindOfSystem();
        var packages = string.Join(' ', products.Select(product => PackageOf(product, kind)));
        var sudo = isRoot ? "" : "sudo ";
        return kind switch
        {
            Kind.Apt => $"Install what is missing, and stop what the packages start, since this host starts servers of its own:{Environment.NewLine}"
                + $"    {sudo}apt-get install {packages}{Environment.NewLine}    {sudo}systemctl disable --now {string.Join(' ', products.Select(product => PackageOf(product, kind)))}",
            Kind.Dnf => Install($"{sudo}dnf install {packages}"),
            Kind.Zypper => Install($"{sudo}zypper install {packages}"),
            Kind.Pacman => Install($"{sudo}pacman -S {packages}"),
            Kind.Apk => Install($"{sudo}apk add {packages}"),
            Kind.Brew => Install($"brew install {packages}"),
            _ => $"Install {packages}, so that their programs are on the PATH.",
        };
    }

    internal static IReadOnlyDictionary<string, string> ReadSystem(string file) => !File.Exists(file)
        ? new Dictionary<string, string>()
        : File.ReadLines(file).Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2).DistinctBy(parts => parts[0]).ToDictionary(parts => parts[0], parts => parts[1].Trim('"'));

    private static string Install(string command) => $"Install what is missing:{Environment.NewLine}    {command}";

    private static string PackageOf(string product, Kind kind) => (product, kind) switch
    {
        ("postgresql", Kind.Brew) => "postgresql@17",
        ("postgresql", Kind.Dnf or Kind.Zypper) => "postgresql-server",
        ("redis", Kind.Apt) => "redis-server",
        ("redis", Kind.Dnf or Kind.Pacman) => "valkey",
        ("rabbitmq", Kind.Brew or Kind.Pacman) => "rabbitmq",
        ("rabbitmq", _) => "rabbitmq-server",
        _ => product,
    };

    private Kind KindOfSystem()
    {
        if (isMac)
        {
            return Kind.Brew;
        }
        var names = $"{system.GetValueOrDefault("ID")} {system.GetValueOrDefault("ID_LIKE")}".Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return names.Select(name => name switch
        {
            "debian" or "ubuntu" => Kind.Apt,
            "fedora" or "rhel" or "centos" => Kind.Dnf,
            "suse" or "opensuse" or "opensuse-tumbleweed" or "opensuse-leap" => Kind.Zypper,
            "arch" => Kind.Pacman,
            "alpine" => Kind.Apk,
            _ => Kind.Unknown,
        }).FirstOrDefault(kind => kind != Kind.Unknown);
    }
}
