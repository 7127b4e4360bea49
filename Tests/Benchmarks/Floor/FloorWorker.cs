using System.Globalization;

namespace Stack.Benchmarks.Floor;

/// <summary><c>floor-worker</c>: the agent of the floor, in a process of its own. It answers every task with a result, and acknowledges the task once the server has the result.</summary>
internal static class FloorWorker
{
    public static async Task RunAsync(string[] args)
    {
        var (address, suffix, queueType, slots) = (args[0], args[1], args[2], ushort.Parse(args[3], CultureInfo.InvariantCulture));
        var content = new FloorContent();
        await using var channel = await FloorChannel.OpenAsync(address, FloorNames.Results(suffix), queueType);

        // Results are published in the order of their tasks, each one: the number of a result's confirm is the number of its task's delivery.
        channel.Publisher.BasicAcksAsync += async (_, confirm) => await channel.Consumer.BasicAckAsync(confirm.DeliveryTag, confirm.Multiple);
        await channel.ConsumeAsync(FloorNames.Tasks(suffix), slots, (_, body) => channel.PublishAsync(FloorStep.Read(body.Span).ToMessage(content.ResultLength)));
        Console.WriteLine("ready");

        // Until whoever started it closes the pipe.
        await Console.In.ReadToEndAsync();
    }
}
