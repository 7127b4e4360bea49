using System.Reflection;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Finds out what an agent says of itself when it registers.</summary>
/// <param name="home">Who it is.</param>
/// <param name="agent">What it does.</param>
/// <param name="processes">Asks the machine's own programs.</param>
/// <param name="table">Its slots.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where what could not be found out is written.</param>
internal sealed partial class MachineProbe(AgentHome home, IAgent agent, ProcessTool processes, AttemptTable table, TimeProvider time, ILogger<MachineProbe> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Puts the registration together.</summary>
    /// <param name="cancellationToken">Ends the probing.</param>
    public async Task<AgentRegistration> DescribeAsync(CancellationToken cancellationToken)
    {
        var capabilities = CapabilitiesAsync(cancellationToken);
        var gpus = GpusAsync(cancellationToken);
        return new AgentRegistration
        {
            AgentId = home.Id,
            AgentType = agent.Type,
            Version = typeof(MachineProbe).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0",
            Capabilities = await capabilities,
            Resources = new AgentResources
            {
                CpuCores = Environment.ProcessorCount,
                MemoryMb = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024),
                Gpus = await gpus,
            },
            MaxConcurrency = table.Slots,
            Host = Environment.MachineName,
            Pid = Environment.ProcessId,
        };
    }

    private async Task<IReadOnlyList<string>> CapabilitiesAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await agent.DetectCapabilitiesAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogSlow(agent.Type, Limit.TotalSeconds);
            return [];
        }
    }

    // The program is there when NVIDIA's driver is; it can hang when the driver does.
    private async Task<IReadOnlyList<string>> GpusAsync(CancellationToken cancellationToken)
    {
        if (processes.Find("nvidia-smi") is not { } program)
        {
            return [];
        }

        var request = new ProcessRequest { Program = program, Arguments = ["--query-gpu=name", "--format=csv,noheader"], Timeout = Limit, SeparateError = true };
        var result = await processes.RunAsync(request, cancellationToken);
        return result.Succeeded ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
    }

    [LoggerMessage(LogLevel.Warning, "What the agent '{Type}' can do here was not found out within {Seconds} s; it registers without capabilities")]
    private partial void LogSlow(string type, double seconds);
}
