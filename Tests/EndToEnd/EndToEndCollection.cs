namespace Stack.Tests.EndToEnd;

/// <summary>Tests that start whole stacks run one after another: each of them wants the machine for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndToEndCollection
{
    public const string Name = "End to end";
}

/// <summary>Tests that start whole stacks and can wait for the machine: one after another, beside the tests that need no stack.</summary>
[CollectionDefinition(Name)]
public sealed class BesideOthersCollection
{
    public const string Name = "End to end, beside others";
}
