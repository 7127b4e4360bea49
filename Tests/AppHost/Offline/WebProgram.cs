using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Stack.Tests.AppHost.Offline;

/// <summary>A web service for tests of the host: ready when asked, and says which variables it was given: <c>dotnet Tests.dll web PREFIX…</c>.</summary>
internal static class WebProgram
{
    internal const string Name = "web";

    internal static int Run(string[] prefixes)
    {
        foreach (var variable in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            Console.Out.WriteLine($"{variable}={Environment.GetEnvironmentVariable(variable)}");
        }
        var application = WebApplication.CreateSlimBuilder().Build();
        application.MapGet("/health/ready", () => Results.Ok());
        application.Run();
        return 0;
    }
}
