namespace Stack.Tests.EndToEnd;

/// <summary>Tests that start whole stacks run one after another: each of them wants the machine for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndToEndCollection
{
    public const string Name = "End to end";
}
