using Stack.Messaging.RabbitMq;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

public sealed class RabbitMqOptionsTests
{
    [Theory]
    [InlineData("amqp://localhost")]
    [InlineData("amqp://localhost:5672/")]
    [InlineData("amqps://user:p%40ss%2Fword@broker.example:5671/vhost")]
    public void Validate_Address_IsTaken(string address) => Assert.Empty(new RabbitMqOptions { Address = address }.Validate());

    [Theory]
    [InlineData("localhost:5672")]
    [InlineData("http://localhost:15672")]
    [InlineData("amqp://user:secret@localhost/two/parts")]
    [InlineData("amqp://user:secret:more@localhost/")]
    public void Validate_NoAddressForTheClient_IsRefusedWithTheRemedyAndWithoutThePassword(string address)
    {
        var problem = Assert.Single(new RabbitMqOptions { Address = address }.Validate());
        Assert.Contains("ConnectionStrings:rabbitmq", problem, StringComparison.Ordinal);
        Assert.Contains("amqp://user:password@host:5672/", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }
}
