using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Tests.Orchestrator.Gateway.Builtin;

public sealed class ProjectGeneratorTests
{
    [Theory]
    [InlineData("A calculator web API with add, subtract, multiply and divide", "calculator", "Calculator")]
    [InlineData("A simple calculator", "calculator", "Calculator")]
    [InlineData("a REST API for books with title, author and price", "crud-api", "BooksApi")]
    [InlineData("A library management system with books and members", "crud-api", "BooksApi")]
    [InlineData("A command line calculator", "console", "Calculator")]
    [InlineData("A console program that counts words in a file", "console", "WordCount")]
    [InlineData("Hello world", "console", "Greeter")]
    [InlineData("A console program that greets people by name", "console", "Greeter")]
    [InlineData("A class library for text statistics", "library", "TextMeasures")]
    [InlineData("A NuGet package with math helpers", "library", "Calculations")]
    public void Generate_Requirements_ChooseTheTemplate(string requirements, string template, string project)
    {
        var generation = Generate(requirements);

        Assert.Equal((template, project), (generation.Template, generation.Project));
        Assert.Contains($"'{template}' scored", generation.Reason, StringComparison.Ordinal);
        Assert.Contains(generation.Files, file => file.Path == generation.EntryProject);
    }

    [Theory]
    [InlineData("A chess engine")]
    [InlineData("A hello world web API")]
    [InlineData("zzz")]
    public void Generate_NothingFits_SaysWhatFitsAndWritesNothing(string requirements)
    {
        var generation = Generate(requirements);

        Assert.Null(generation.Template);
        Assert.Empty(generation.Files);
        Assert.Contains("a calculator web API", generation.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_Always_SaysThatNoModelWasUsed()
    {
        foreach (var requirements in (string[])["A calculator", "A chess engine"])
        {
            var generation = Generate(requirements);

            Assert.False(generation.ModelUsed);
            Assert.StartsWith("No language model was used", generation.Notice, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Generate_SameRequest_GivesTheSameBytes() => Assert.Equal(
        JsonSerializer.Serialize(Generate("an API for books and authors"), StackJson.Options),
        JsonSerializer.Serialize(Generate("an API for books and authors"), StackJson.Options));

    [Fact]
    public void Generate_WishesThatNoTemplateGrants_AreNamed()
    {
        var generation = Generate("an API for orders using PostgreSQL and JWT");

        Assert.Contains("The requirements mention 'postgresql'; no template has it.", generation.Limits);
        Assert.Contains("The requirements mention 'jwt'; no template has it.", generation.Limits);
        Assert.Contains("The requirements name no fields of orders; customer, order date, total were assumed.", generation.Limits);
    }

    [Fact]
    public void Generate_UnknownTemplateByName_NamesTheTemplates()
    {
        var generation = ProjectGenerator.Generate(new GenerationRequest { Requirements = "A calculator", Template = "spreadsheet" });

        Assert.Equal("There is no template 'spreadsheet'; there are calculator, crud-api, console, library.", generation.Reason);
    }

    [Fact]
    public void Generate_ApiThatStoresNothing_SaysWhatToWrite()
    {
        var generation = Generate("a REST CRUD API");

        Assert.Null(generation.Template);
        Assert.Contains("Write for example", generation.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("my calc 2", "MyCalc2")]
    [InlineData("System", "SystemApp")]
    [InlineData("../../etc", "Etc")]
    [InlineData("***", "Calculator")]
    public void Generate_ProjectNameIsGiven_MakesANameOfIt(string wish, string expected)
    {
        var generation = ProjectGenerator.Generate(new GenerationRequest { Requirements = "A calculator", ProjectName = wish });

        Assert.Equal(expected, generation.Project);
        Assert.Equal($"src/{expected}/{expected}.csproj", generation.EntryProject);
    }

    [Theory]
    [InlineData("A calculator")]
    [InlineData("an API for books (title, price?) and notes (text) {{Project}} \"quoted\" </script>")]
    [InlineData("a console calculator")]
    [InlineData("a class library")]
    public void Generate_AnyTemplate_LeavesNoPlaceholderAndStaysInside(string requirements)
    {
        foreach (var file in Generate(requirements).Files)
        {
            Assert.True(DefinitionNames.IsInsideWorkspace(file.Path), file.Path);
            Assert.EndsWith("\n", file.Content, StringComparison.Ordinal);
            Assert.True(file.Path is "README.md" || !file.Content.Contains("{{", StringComparison.Ordinal), file.Path);
        }
    }

    [Fact]
    public void Generate_Web_HasProbesThatCanBeRead()
    {
        var file = Assert.Single(Generate("A calculator").Files, file => file.Path == ProgramProbes.FilePath);

        var probes = JsonSerializer.Deserialize<ProgramProbes>(file.Content, StackJson.Options)!;

        Assert.Equal(ProgramKind.Web, probes.Kind);
        Assert.Contains(probes.Http, probe => probe is { Path: "/divide?a=1&b=0", Status: 400 });
    }

    private static Generation Generate(string requirements) => ProjectGenerator.Generate(new GenerationRequest { Requirements = requirements });
}
