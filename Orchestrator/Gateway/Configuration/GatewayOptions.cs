namespace Stack.Orchestrator.Gateway.Configuration;

/// <summary>Where the gateway's file is. Section <c>Stack:Gateway</c>.</summary>
internal sealed class GatewayOptions
{
    internal const string Section = "Stack:Gateway";

    /// <summary>The file with providers, models, aliases, prices and budgets; it is read again when it changes.</summary>
    /// <value>The default is <c>gateway.yaml</c> in <c>Stack:SharedDirectory</c>. It need not be there.</value>
    public string File { get; set; } = "";

    /// <summary>The memory that kept responses (<c>/v1/responses</c>) may take before the oldest are forgotten, in megabytes (of 1,048,576 bytes). At least 1.</summary>
    /// <value>The default is 256.</value>
    public int KeptResponsesMegabytes { get; set; } = 256;

    /// <summary>How often the file is looked at.</summary>
    /// <value>The default is one second.</value>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(1);
}
