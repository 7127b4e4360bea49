using System.Text.Json;
using System.Text.RegularExpressions;
using Stack.Agents.Node;
using Stack.Agents.Runtime;

namespace Stack.Agents.Validation;

/// <summary>The checks of a Node project: eslint and tsc, where they are configured.</summary>
/// <param name="context">The attempt.</param>
/// <param name="node">The tools.</param>
/// <param name="findings">Where findings go.</param>
internal sealed partial class NodeChecks(AgentContext context, NodeTool node, Findings findings)
{
    /// <summary>Installs what the project needs and makes the checks.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        context.Report(15, "installing packages");
        await node.InstallAsync(cancellationToken);
        context.Report(50, "running eslint and tsc");
        await LintAsync(cancellationToken);
        await CheckTypesAsync(cancellationToken);
    }

    private async Task LintAsync(CancellationToken cancellationToken)
    {
        if (!node.Project.UsesEslint)
        {
            findings.Add(ValidationCheck.Skip("eslint", "Not checked: there is no configuration for eslint."));
            return;
        }

        if (node.Project.Tool("eslint") is not { } eslint)
        {
            findings.Add(NotInstalled("eslint", "eslint"));
            return;
        }

        var result = await node.RunAsync(eslint, [".", "--format", "json"], logLines: false, cancellationToken);
        if (Messages(result.Output) is not { } messages)
        {
            findings.Errors.Add($"eslint: {result.Tail(3)}");
            findings.Add(ValidationCheck.Fail("eslint", $"eslint could not run; its exit code is {result.ExitCode}.", "Correct the configuration of eslint; `npx eslint .` shows the error.", [result.Tail(10)]));
            return;
        }

        var errors = messages.Where(message => message.Severity == 2).Select(message => message.Text).ToList();
        findings.Errors.AddRange(errors);
        findings.Warnings.AddRange(messages.Where(message => message.Severity == 1).Select(message => message.Text));
        findings.Add(errors.Count == 0
            ? ValidationCheck.Pass("eslint", $"No errors, {messages.Count} warnings.", 0, 0)
            : ValidationCheck.Fail("eslint", $"eslint found {errors.Count} error{(errors.Count == 1 ? "" : "s")}.", "Correct them; `npx eslint .` shows them, `--fix` corrects some.", errors, errors.Count, 0));
    }

    private async Task CheckTypesAsync(CancellationToken cancellationToken)
    {
        if (!node.Project.UsesTypeScript)
        {
            findings.Add(ValidationCheck.Skip("tsc", "Not checked: there is no tsconfig.json."));
            return;
        }

        if (node.Project.Tool("tsc") is not { } tsc)
        {
            findings.Add(NotInstalled("tsc", "typescript"));
            return;
        }

        var result = await node.RunAsync(tsc, ["--noEmit", "--pretty", "false"], logLines: false, cancellationToken);
        var errors = TypeError().Matches(result.Output).Select(match => match.Value.Trim()).ToList();
        findings.Errors.AddRange(errors);
        findings.Add(result.Succeeded
            ? ValidationCheck.Pass("tsc", "No type errors.", 0, 0)
            : ValidationCheck.Fail("tsc", $"tsc found {errors.Count} error{(errors.Count == 1 ? "" : "s")}.", "Correct them; `npx tsc --noEmit` shows them.", errors.Count > 0 ? errors : [result.Tail(10)], errors.Count, 0));
    }

    private ValidationCheck NotInstalled(string tool, string package)
    {
        findings.Errors.Add($"{tool} is configured and not installed.");
        return ValidationCheck.Fail(tool, $"{tool} is configured, but the project does not install it.", $"Add it: `npm install --save-dev {package}`.", []);
    }

    private List<(int Severity, string Text)>? Messages(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
            [
                .. document.RootElement.EnumerateArray().SelectMany(file => file.GetProperty("messages").EnumerateArray().Select(message => (
                    message.GetProperty("severity").GetInt32(),
                    $"{Path.GetRelativePath(node.Project.Root, file.GetProperty("filePath").GetString()!)}:{(message.TryGetProperty("line", out var line) ? line.GetInt32() : 0)}: {message.GetProperty("message").GetString()}"))),
            ];
        }
        catch (JsonException)
        {
            // It wrote an error in place of a report.
            return null;
        }
    }

    [GeneratedRegex(@"^.+\(\d+,\d+\): error TS\d+: .+$", RegexOptions.Multiline)]
    private static partial Regex TypeError();
}
