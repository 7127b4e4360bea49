using Xunit.Abstractions;
using Xunit.Sdk;

namespace Stack.Tests.Servers;

/// <summary>A test that is skipped, with the remedy, when a server that its class <see cref="NeedsServerAttribute">needs</see> is not installed. Tests of a conformance suite are of this kind.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Stack.Tests.Servers.ServerFactDiscoverer", "Tests")]
public sealed class ServerFactAttribute : FactAttribute;

/// <summary>The same for tests with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Stack.Tests.Servers.ServerTheoryDiscoverer", "Tests")]
public sealed class ServerTheoryAttribute : TheoryAttribute;

/// <summary>Names a server that a class of tests starts; one attribute each.</summary>
/// <param name="package">The Debian package of the server.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class NeedsServerAttribute(string package) : Attribute
{
    public string Package { get; } = package;
}

internal sealed class ServerFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new ServerTestCase(sink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

internal sealed class ServerTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        [new ServerTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow)];
}

internal sealed class ServerTestCase : XunitTestCase
{
    [Obsolete("For the deserializer.")]
    public ServerTestCase()
    {
    }

    public ServerTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, object[]? arguments = null)
        : base(sink, display, options, method, arguments)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute)
    {
        var packages = TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsServerAttribute)).SelectMany(needs => needs.GetConstructorArguments().OfType<string>());
        var missing = packages.FirstOrDefault(package => !ServerPrograms.Has(package));
        return base.GetSkipReason(factAttribute) ?? (missing is null ? null : $"{missing} is not installed: apt-get install {missing}");
    }
}
