using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using Stack.Checks.Processes;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Tests.Orchestrator.Gateway.Builtin;

/// <summary>What the generator writes, put to the compiler, the formatter and its own tests.</summary>
public sealed class GeneratedRepositoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("stack-generated-").FullName;

    public void Dispose() => Folders.Remove(_directory);

    [Theory]
    [InlineData("A calculator web API with add, subtract, multiply and divide")]
    [InlineData("an API for books with title, price, pages and optional due date, tasks with title, class, email, website, description and done, and events with name")]
    [InlineData("A command line calculator")]
    [InlineData("A console program that counts words in a file")]
    [InlineData("Hello world")]
    [InlineData("A class library for text statistics")]
    public async Task Generate_Template_BuildsIsFormattedAndPassesItsTests(string requirements)
    {
        foreach (var file in ProjectGenerator.Generate(new GenerationRequest { Requirements = requirements }).Files)
        {
            var path = Path.Combine(_directory, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, file.Content);
        }

        await RunAsync("test", "--disable-build-servers", "--collect", "XPlat Code Coverage", "--results-directory", Path.Combine(_directory, "results"));
        await RunAsync("format", "--verify-no-changes", "--no-restore");

        var report = Directory.EnumerateFiles(Path.Combine(_directory, "results"), "coverage.cobertura.xml", SearchOption.AllDirectories).Single();
        var rate = double.Parse(XDocument.Load(report).Root!.Attribute("line-rate")!.Value, CultureInfo.InvariantCulture);
        Assert.True(rate > 0.9, $"The line coverage is {rate:P0}.");
    }

    private async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = _directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(4));
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
    }
}
