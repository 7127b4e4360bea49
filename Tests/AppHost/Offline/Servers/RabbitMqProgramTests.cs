using System.Runtime.Versioning;
using System.Text;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using RabbitMQ.Client;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Servers;

[UnsupportedOSPlatform("windows")]
[NeedsServer("rabbitmq-server")]
public sealed class RabbitMqProgramTests : ServerProgramSuite
{
    private protected override void Describe(IDistributedApplicationBuilder builder, bool hasVolume)
    {
        var server = builder.AddRabbitMQ(Name);
        if (hasVolume)
        {
            server.WithDataVolume();
        }
    }

    private protected override async Task WriteAsync(TestApplication application, string value)
    {
        await using var connection = await ConnectAsync(application, null);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.BasicPublishAsync("", "kept", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(value));
        // The server confirms a message when it is on the disk, but writes down a second later which queue's it is: who kills it in between loses the queue.
        var files = Directory.GetDirectories(DataFile("data"), "quorum", SearchOption.AllDirectories).SelectMany(folder => Directory.GetDirectories(folder)).Single();
        var queue = Directory.GetCreationTimeUtc(Directory.GetDirectories(files).Single());
        await Eventually.TrueAsync(() => File.GetLastWriteTimeUtc(Path.Combine(files, "names.dets")) > queue.AddSeconds(0.5), "the queue is on the disk");
    }

    private protected override async Task<string?> ReadAsync(TestApplication application, string? password = null)
    {
        await using var connection = await ConnectAsync(application, password);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        return await channel.BasicGetAsync("kept", autoAck: false) is { } message ? Encoding.UTF8.GetString(message.Body.Span) : null;
    }

    private static async Task<IConnection> ConnectAsync(TestApplication application, string? password)
    {
        var server = (RabbitMQServerResource)application.Builder.Resources.Single(one => one.Name == Name);
        var factory = new ConnectionFactory { Uri = new Uri((await server.ConnectionStringExpression.GetValueAsync(Deadline))!) };
        factory.Password = password ?? factory.Password;
        return await factory.CreateConnectionAsync(Deadline);
    }
}
