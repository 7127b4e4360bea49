using System.Text;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Configuration;

/// <summary>
/// The configuration that holds now. The file is read at the start, where a wrong one refuses it, and again whenever it changes, where a wrong one changes nothing:
/// the old one stays in force, the log and <c>GET /api/v1/models</c> say why.
/// </summary>
internal sealed partial class GatewayFile : BackgroundService
{
    private readonly Uri? _ollama;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<GatewayFile> _logger;
    private volatile State _state;

    public GatewayFile(IConfiguration configuration, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GatewayFile> logger)
    {
        _time = time;
        _logger = logger;
        _interval = options.Value.ReloadInterval;
        var folder = configuration["Stack:SharedDirectory"] is { Length: > 0 } shared ? shared : configuration["Stack:DataDirectory"] ?? "";
        Path = System.IO.Path.GetFullPath(options.Value.File is { Length: > 0 } file ? file : System.IO.Path.Combine(folder, "gateway.yaml"));
        _ollama = (configuration.GetConnectionString("ollama") ?? configuration["OLLAMA_BASE_URL"]) is { Length: > 0 } address && Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri : null;
        _state = Load(Stamp());
        if (_state.Problems.Count > 0)
        {
            throw new Hosting.StartRefusedException($"The gateway's file '{Path}' has problems: {string.Join(' ', _state.Problems.Select(Describe))}");
        }
    }

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>What holds now.</summary>
    public GatewayConfiguration Current => _state.Configuration;

    /// <summary>What is wrong with the file as it is now; what holds is what it was before. Empty: nothing is.</summary>
    public IReadOnlyList<DefinitionProblem> Problems => _state.Problems;

    /// <summary>When what holds was read.</summary>
    public DateTimeOffset LoadedAt => _state.LoadedAt;

    /// <summary>Reads the file again if it changed.</summary>
    /// <returns>Whether it had.</returns>
    public bool RunOnce()
    {
        var stamp = Stamp();
        if (stamp == _state.Stamp)
        {
            return false;
        }

        _state = Load(stamp);
        if (_state.Problems.Count == 0)
        {
            LogLoaded(Path, Current.Models.Count, Current.Aliases.Count);
        }
        else
        {
            LogRefused(Path, string.Join(' ', _state.Problems.Select(Describe)));
        }

        return true;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            RunOnce();
        }
    }

    private State Load((DateTime, long) stamp)
    {
        var old = _state?.Configuration ?? GatewayConfiguration.Default(_ollama);
        try
        {
            var text = stamp.Item2 < 0 ? "" : File.ReadAllText(Path, Encoding.UTF8);
            var (configuration, problems) = GatewayReader.Read(text, _ollama);
            return new State(configuration ?? old, problems, stamp, configuration is null ? _state?.LoadedAt ?? default : _time.GetUtcNow());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new State(old, [new DefinitionProblem { Path = "$", Message = $"It cannot be read: {unreadable.Message}", Remedy = "Give the orchestrator the right to read it." }], stamp, _state?.LoadedAt ?? default);
        }
    }

    private (DateTime, long) Stamp()
    {
        var file = new FileInfo(Path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : (default, -1);
    }

    private static string Describe(DefinitionProblem problem) => problem.Line is { } line ? $"Line {line}: {problem}" : problem.ToString();

    [LoggerMessage(Level = LogLevel.Information, Message = "Read '{File}': {Models} models, {Aliases} aliases.")]
    private partial void LogLoaded(string file, int models, int aliases);

    [LoggerMessage(Level = LogLevel.Error, Message = "'{File}' is not taken, what held before holds on. {Problems}")]
    private partial void LogRefused(string file, string problems);

    private sealed record State(GatewayConfiguration Configuration, IReadOnlyList<DefinitionProblem> Problems, (DateTime, long) Stamp, DateTimeOffset LoadedAt);
}
