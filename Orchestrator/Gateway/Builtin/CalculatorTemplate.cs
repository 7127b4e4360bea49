using Stack.Contracts;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>A web API that calculates, with a page for people.</summary>
internal static class CalculatorTemplate
{
    public static Generation Write(GenerationRequest request, string reason, IReadOnlyList<string> limits)
    {
        var project = CodeNames.Project(request.ProjectName is { } wish && CodeNames.Pascal(wish).Length > 0 ? wish : "Calculator", ["CalculatorApp", "CalculatorApi"]);
        var files = new RepositoryFiles(project);
        files.Set("Title", CodeNames.Spaced(project))
            .Set("Summary", RepositoryFiles.SummaryOf(request))
            .Set("fixture_fields", "    private readonly WebApplication _app = CalculatorApp.Create([\"--urls\", \"http://127.0.0.1:0\"]);\n")
            .Set("fixture_cleanup", "")
            .AddWeb()
            .Add("README.md", "calculator/README.md")
            .Add($"{files.Source}/Arithmetic.cs", "skills/arithmetic/Arithmetic.cs")
            .Add($"{files.Source}/Numbers.cs", "skills/arithmetic/Numbers.cs")
            .Add($"{files.Tests}/ArithmeticTests.cs", "skills/arithmetic/ArithmeticTests.cs")
            .Add($"{files.Tests}/CalculatorApiTests.cs", "calculator/tests/CalculatorApiTests.cs");
        foreach (var file in (string[])["Program.cs", "CalculatorApp.cs", "CalculatorApi.cs", "Page.html"])
        {
            files.Add($"{files.Source}/{file}", $"calculator/src/{file}");
        }

        return files.Finish(TemplateNames.Calculator, reason, limits, Probes(files.EntryProject, CodeNames.Spaced(project)));
    }

    private static ProgramProbes Probes(string entryProject, string title) => new()
    {
        Kind = ProgramKind.Web,
        EntryProject = entryProject,
        HealthPath = "/health",
        Pages = [new PageProbe { Path = "/", Title = title }],
        Http =
        [
            Get("adds exactly", "/add?a=0.1&b=0.2", 0.3m),
            Get("subtracts", "/subtract?a=2&b=3", -1),
            Get("multiplies", "/multiply?a=6&b=7", 42),
            Get("divides", "/divide?a=1&b=8", 0.125m),
            new HttpProbe { Name = "takes a JSON body", Method = "POST", Path = "/add", Body = JsonPayload.From(new { a = 1, b = 2 }), Json = JsonPayload.From(new { result = 3 }) },
            Refused("refuses division by zero", "/divide?a=1&b=0", "Division by zero: 1 cannot be divided by 0. Use another divisor."),
            Refused("refuses overflow", "/multiply?a=7e28&b=7e28", "Overflow: the result is beyond ±7.9e28. Use smaller numbers."),
            Refused("refuses what is no number", "/add?a=NaN&b=1", "'a' is 'NaN', which is not a decimal number up to ±7.9e28. Send for example a=1.5."),
        ],
    };

    private static HttpProbe Get(string name, string path, decimal result) => new() { Name = name, Path = path, Json = JsonPayload.From(new { result }) };

    private static HttpProbe Refused(string name, string path, string detail) => new() { Name = name, Path = path, Status = 400, Json = JsonPayload.From(new { detail }) };
}
