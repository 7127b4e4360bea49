using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Telemetry.Receiving;

public sealed class TelemetryReceiversTests
{
    [Fact]
    public async Task Resource_ThatExports_IsToldWhereAndWithWhichKey()
    {
        await using var application = new TestApplication(new TemporaryDirectory(), isDashboardOff: false, $"--{ReceiverAddress.GrpcSetting}", "http://localhost:0", $"--{ReceiverAddress.HttpSetting}", "http://localhost:0");
        var script = "echo \"$OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_PROTOCOL $OTEL_EXPORTER_OTLP_HEADERS $OTEL_SERVICE_NAME $OTEL_RESOURCE_ATTRIBUTES\"; exec sleep 3000";
        application.AddShell("grpc", script).WithOtlpExporter();
        application.AddShell("http", script).WithOtlpExporter(OtlpProtocol.HttpProtobuf);
        await application.StartAsync();
        await application.States.WaitForResourceAsync("grpc", KnownResourceStates.Running, TestApplication.Deadline);
        await application.States.WaitForResourceAsync("http", KnownResourceStates.Running, TestApplication.Deadline);
        await Eventually.TrueAsync(() => application.Log("grpc").Count > 0 && application.Log("http").Count > 0, "both say where they send");

        var receivers = application.Application.Services.GetRequiredService<TelemetryReceivers>();
        var key = application.Application.Services.GetRequiredService<IConfiguration>()[ReceiverKey.Setting]!;
        Assert.Matches("^[0-9a-f]{32}$", key);
        Assert.Contains($"{receivers.Grpc!.OriginalString} grpc x-otlp-api-key={key} grpc service.instance.id=", application.Log("grpc")[^1], StringComparison.Ordinal);
        Assert.Contains($"{receivers.Http!.OriginalString} http/protobuf x-otlp-api-key={key} http service.instance.id=", application.Log("http")[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_ThatIsTaken_IsReplacedAndSaid()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var directory = new TemporaryDirectory();
        var application = new TestApplication(directory, isDashboardOff: false, $"--{ReceiverAddress.GrpcSetting}", $"http://localhost:{port}", $"--{ReceiverAddress.HttpSetting}", "http://localhost:0");
        await application.StartAsync();

        var receivers = application.Application.Services.GetRequiredService<TelemetryReceivers>();
        Assert.NotEqual(port, receivers.Grpc!.Port);
        await application.DisposeAsync();
        Assert.Contains($"Port {port} for OTLP/gRPC is taken by process {Environment.ProcessId}", application.Terminal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "--other", "1")]
    [InlineData(false, "--dashboard", "off")]
    public async Task Dashboard_SwitchedOff_ReceivesNothingAndTellsNobody(bool byOption, string name, string value)
    {
        await using var application = new TestApplication(new TemporaryDirectory(), isDashboardOff: byOption, name, value);
        application.AddShell("service", "echo \"[$OTEL_EXPORTER_OTLP_ENDPOINT]\"; exec sleep 3000").WithOtlpExporter();
        await application.StartAsync();
        await Eventually.TrueAsync(() => application.Log("service").Count > 0, "it says where it sends");

        Assert.Contains("[]", application.Log("service")[^1], StringComparison.Ordinal);
        Assert.Null(application.Application.Services.GetRequiredService<TelemetryReceivers>().Grpc);
        Assert.False(Directory.Exists(Path.Combine(application.Data, "telemetry")));
    }
}
