namespace Stack.Cli;

/// <summary>A running stack that is to be hurt, as the AppHost's data folder names it.</summary>
internal sealed class DrillTarget : IDisposable
{
    private DrillTarget(string data, HostControl host, ApiClient api, TimeProvider time)
    {
        (Data, Host, Api, Patience) = (data, host, api, new Patience(time));
        Crew = new CanaryCrew(host, api, data, Patience);
        Health = new StackHealth(host, api, Crew, Patience);
    }

    /// <summary>The data folder.</summary>
    public string Data { get; }

    public HostControl Host { get; }

    public ApiClient Api { get; }

    public Patience Patience { get; }

    public CanaryCrew Crew { get; }

    public StackHealth Health { get; }

    /// <summary>Finds the stack of a data folder.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="server">The orchestrator's address. Null: the AppHost says it.</param>
    /// <param name="apiKey">The key that the orchestrator asks for. Null: none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="HostUnreachableException">No AppHost runs there.</exception>
    public static async Task<DrillTarget> OpenAsync(string data, Uri? server, string? apiKey, TimeProvider time, CancellationToken cancellationToken)
    {
        var host = new HostControl(HostFile.Read(data));
        try
        {
            var address = server ?? (await host.FindAsync("orchestrator", cancellationToken))?.Endpoints.Select(endpoint => endpoint.Url).FirstOrDefault()
                ?? throw new HostUnreachableException($"The AppHost of {data} runs no orchestrator with an address.", null);
            return new DrillTarget(data, host, new ApiClient(new Uri(address.AbsoluteUri.TrimEnd('/') + "/"), apiKey), time);
        }
        catch (Exception)
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the stack is well, brings the canaries to work, and makes their definition known.</summary>
    /// <exception cref="DrillException">The stack is not well.</exception>
    public async Task PrepareAsync(TimeSpan? clockOffset, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (await Health.WaitAsync(limit, cancellationToken) is { Trouble: { } before })
        {
            throw new DrillException($"The stack is not well before the drill: {before}.");
        }

        await Crew.StartAsync(clockOffset, cancellationToken);
        await Patience.AnswerAsync(token => Api.ApplyDefinitionAsync(CanaryDefinition.Text, token), limit, cancellationToken);
        if (await Health.WaitAsync(limit, cancellationToken) is { Trouble: { } trouble })
        {
            throw new DrillException($"The stack is not well with the canaries: {trouble}.");
        }
    }

    public void Dispose()
    {
        Host.Dispose();
        Api.Dispose();
    }
}
