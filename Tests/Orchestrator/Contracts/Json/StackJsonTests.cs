using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Json;

public sealed class StackJsonTests
{
    [Fact]
    public void Read_PropertyAbsent_KeepsTheDeclaredDefault()
    {
        var claim = Read<TaskClaim>("""{"agent_type":"scaffold"}""");
        Assert.Equal((null, 1, 30_000), (claim.AgentId, claim.MaxTasks, claim.WaitMs));

        var heartbeat = Read<AgentHeartbeat>("""{"agent_id":"scaffold-00000001"}""");
        Assert.Empty(heartbeat.Running);
        Assert.Equal((AgentStatus.Online, AgentHealth.Healthy), (heartbeat.Status, heartbeat.Health));

        var registration = Read<AgentRegistration>("""{"agent_id":"scaffold-00000001","agent_type":"scaffold","version":"1"}""");
        Assert.Equal(1, registration.MaxConcurrency);
        Assert.Empty(registration.Capabilities);
        Assert.Empty(registration.Resources.Gpus);

        var error = Read<StructuredError>("""{"code":"x","message":"It broke."}""");
        Assert.Equal((ErrorSeverity.Error, FailureClass.Productive), (error.Severity, error.Class));
    }

    [Fact]
    public void Read_RequiredPropertyAbsent_IsRefusedByName()
    {
        var refused = Assert.Throws<JsonException>(() => Read<StructuredError>("""{"code":"x"}"""));
        Assert.Contains("'message'", refused.Message, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => Read<WorkspaceChange>("""{"commit":"abc","references":[{"name":"refs/heads/main"}]}"""));
    }

    [Fact]
    public void Read_NullWhereNoneMayBe_IsRefused()
    {
        Assert.Throws<JsonException>(() => Read<StructuredError>("""{"code":null,"message":"It broke."}"""));
        Assert.Throws<JsonException>(() => Read<AgentHeartbeat>("""{"agent_id":"a-1","running":null}"""));
        Assert.Throws<JsonException>(() => Read<AgentHeartbeat>("""{"agent_id":null}"""));
    }

    [Fact]
    public void Read_UnknownProperty_IsIgnored()
        => Assert.Equal("x", Read<StructuredError>("""{"code":"x","message":"It broke.","mood":{"bad":[1,2]}}""").Code);

    [Fact]
    public void Read_EnumAsNumber_IsRefused()
        => Assert.Throws<JsonException>(() => Read<StructuredError>("""{"code":"x","message":"It broke.","severity":3}"""));

    [Fact]
    public void Write_NullsAreLeftOut_ZerosAndFalseAreNot()
    {
        var json = JsonSerializer.Serialize(
            new ApprovalDecision { Approved = false, DecidedBy = "ann", DecidedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) },
            StackJson.Options);
        Assert.Equal("""{"approved":false,"decided_by":"ann","decided_at":"2026-01-02T03:04:05+00:00"}""", json);
    }

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, StackJson.Options)!;
}
