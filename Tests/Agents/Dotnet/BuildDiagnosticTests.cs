using Stack.Agents.Dotnet;

namespace Stack.Tests.Agents.Dotnet;

public sealed class BuildDiagnosticTests
{
    [Theory]
    [InlineData("/w/src/A.cs(3,5): error CS0103: The name 'x' does not exist [/w/src/A.csproj]", "src/A.cs:3: CS0103: The name 'x' does not exist")]
    [InlineData("/w/src/A.cs(4,1): error WHITESPACE: Fix whitespace formatting. [/w/src/A.csproj]", null)]
    [InlineData("/w/src/A.csproj : error NU1101: Unable to find package X. [/w/A.slnx]", "src/A.csproj: NU1101: Unable to find package X.")]
    [InlineData("CSC : error AD0001: Analyzer failed [/w/src/A.csproj]", "AD0001: Analyzer failed")]
    [InlineData("MSBUILD : error MSB1009: Project file does not exist.", "MSB1009: Project file does not exist.")]
    [InlineData("    1 Error(s)", null)]
    [InlineData("Build FAILED.", null)]
    public void Read_LineOfABuild_GivesItsParts(string line, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], BuildDiagnostic.Read($"noise\n{line}\nnoise\n", "/w").Select(diagnostic => diagnostic.ToString()));

    [Fact]
    public void Read_SameLineTwice_IsOneDiagnostic()
    {
        const string line = "/w/A.cs(1,1): warning CA1822: Mark it static [/w/A.csproj]\r\n";

        var diagnostic = Assert.Single(BuildDiagnostic.Read(line + line, "/w"));

        Assert.False(diagnostic.IsError);
    }

    [Theory]
    [InlineData("NU1301", true)]
    [InlineData("NU1101", true)]
    [InlineData("CS0103", false)]
    public void IsAboutPackageSource_OnlyWhatRestoreCannotHave(string code, bool expected) =>
        Assert.Equal(expected, new BuildDiagnostic(IsError: true, code, "", null, null).IsAboutPackageSource);
}
