using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Stack.Tests.Agents.Deployment;

/// <summary>A small server, compiled on the spot: the release that a test deploys.</summary>
internal static class SampleServer
{
    private const string Source = """
        using System;
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;

        if (BEHAVIOR == "dies") { Console.Error.WriteLine("cannot open the cash box"); return 3; }
        var app = WebApplication.CreateSlimBuilder(args).Build();
        app.MapGet("/crash", () => Environment.Exit(7));
        app.MapGet("/health", () => Results.StatusCode(BEHAVIOR == "sick" ? 503 : 200));
        app.MapGet("/data", () => Environment.GetEnvironmentVariable("DATA_DIRECTORY"));
        app.MapGet("/secret", () => Environment.GetEnvironmentVariable("STACK_TEST_SECRET") ?? "none");
        app.MapGet("/", () => "VERSION");
        app.Run();
        return 0;
        """;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal)))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>Writes the server into a folder as <c>server.dll</c>.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="version">What it answers.</param>
    /// <param name="behavior"><c>well</c>, <c>sick</c> (never healthy) or <c>dies</c> (ends at once with code 3).</param>
    internal static void Write(string directory, string version, string behavior = "well")
    {
        Directory.CreateDirectory(directory);
        var code = Source.Replace("BEHAVIOR", $"\"{behavior}\"", StringComparison.Ordinal).Replace("VERSION", version, StringComparison.Ordinal);
        var compilation = CSharpCompilation.Create("server", [CSharpSyntaxTree.ParseText(code)], References, new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        var result = compilation.Emit(Path.Combine(directory, "server.dll"));
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        File.WriteAllText(
            Path.Combine(directory, "server.runtimeconfig.json"),
            """{"runtimeOptions": {"tfm": "net10.0", "framework": {"name": "Microsoft.AspNetCore.App", "version": "10.0.0"}}}""");
    }
}
