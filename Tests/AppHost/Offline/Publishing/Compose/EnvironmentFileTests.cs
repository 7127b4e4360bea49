using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Compose;

public sealed class EnvironmentFileTests
{
    private static readonly ComposeVariable[] Variables = [new("A", "the first"), new("B", "the second", "8080")];

    [Fact]
    public void Merge_AnEditedFile_KeepsEveryLineAndAddsWhatIsMissing()
    {
        const string edited = "# mine\nexport A = 'x y' # said by me\nOTHER=1";

        Assert.Equal($"{edited}\n# the second\nB=8080\n\n", EnvironmentFile.Merge(edited, Variables));
    }

    [Fact]
    public void Merge_WhatItWrote_ChangesNothing()
    {
        var once = EnvironmentFile.Merge(null, Variables);

        Assert.Equal(once, EnvironmentFile.Merge(once, Variables));
    }

    [Theory]
    [InlineData("plain-1.2_~")]
    [InlineData("")]
    [InlineData("P@ss w0rd")]
    [InlineData("a$b${c}")]
    [InlineData("it's \"quoted\" \\ $x")]
    [InlineData("hash # inside")]
    public void Quote_AnyValue_IsReadBack(string value) => Assert.Equal(value, EnvironmentFile.Read($"KEY={EnvironmentFile.Quote(value)}\n")["KEY"]);
}
