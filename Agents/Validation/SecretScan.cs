using System.Text.RegularExpressions;

namespace Stack.Agents.Validation;

/// <summary>Looks for what should not be in a repository: secrets in files, and files that hold secrets or were made by a build.</summary>
internal static partial class SecretScan
{
    private const int MaxScannedBytes = 1024 * 1024;
    private const long MaxFileBytes = 10 * 1024 * 1024;

    /// <summary>Scans the files that git tracks.</summary>
    /// <param name="root">The workspace.</param>
    /// <param name="tracked">Paths relative to it.</param>
    /// <param name="findings">Receives secrets as errors and other files as warnings.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task ScanAsync(string root, IReadOnlyList<string> tracked, Findings findings, CancellationToken cancellationToken)
    {
        var secrets = new List<string>();
        var strangers = new List<string>();
        foreach (var path in tracked)
        {
            var file = new FileInfo(Path.Combine(root, path));
            if (!file.Exists || file.LinkTarget is not null)
            {
                continue;
            }

            if (Stranger(path, file.Length) is { } reason)
            {
                strangers.Add($"{path}: {reason}");
            }

            if (file.Length <= MaxScannedBytes)
            {
                secrets.AddRange(SecretsIn(await File.ReadAllTextAsync(file.FullName, cancellationToken), path));
            }
        }

        findings.Errors.AddRange(secrets);
        findings.Warnings.AddRange(strangers);
        findings.Add(secrets.Count == 0
            ? ValidationCheck.Pass("security", strangers.Count == 0 ? $"No secrets in {tracked.Count} files." : $"No secrets, but {strangers.Count} files should not be in a repository.", 0, 0) with
            {
                Findings = [.. strangers.Take(ValidationCheck.MaxFindings)],
            }
            : ValidationCheck.Fail(
                "security",
                $"{secrets.Count} hard-coded secret{(secrets.Count == 1 ? "" : "s")}.",
                "Remove the secret, read it from the environment, and change it: whoever has the repository has it.",
                secrets,
                secrets.Count,
                0));
    }

    /// <summary>The secrets in a text; the values themselves are not repeated.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">Where it is.</param>
    public static IEnumerable<string> SecretsIn(string text, string path)
    {
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (KnownSecret().Match(line) is { Success: true } known)
            {
                yield return $"{path}:{number}: {KindOf(known)}";
            }
            else if (AssignedSecret().Match(line) is { Success: true } assigned && !Placeholder().IsMatch(assigned.Groups["value"].Value))
            {
                yield return $"{path}:{number}: '{assigned.Groups["name"].Value}' has a value";
            }
        }
    }

    private static string KindOf(Match match) =>
        match.Groups["key"].Success ? "a private key"
        : match.Groups["aws"].Success ? "an AWS access key"
        : match.Groups["github"].Success ? "a GitHub token"
        : match.Groups["slack"].Success ? "a Slack token"
        : "an API key of a model provider";

    private static string? Stranger(string path, long bytes)
    {
        var name = Path.GetFileName(path);
        return PrivateFile().IsMatch(name) ? "such files hold secrets"
            : path.Split('/').SkipLast(1).Any(part => part is "bin" or "obj" or "node_modules" or "TestResults") ? "a build makes it"
            : bytes > MaxFileBytes ? $"it has {bytes / 1024 / 1024} MiB"
            : null;
    }

    [GeneratedRegex(
        @"(?<key>-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----)|(?<aws>\bAKIA[0-9A-Z]{16}\b)|(?<github>\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,})|(?<slack>\bxox[abprs]-[A-Za-z0-9-]{10,})|(?<model>\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,})")]
    private static partial Regex KnownSecret();

    [GeneratedRegex(
        @"(?<name>\b[\w.-]*(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|private[_-]?key)\b)[""']?\s*[:=]\s*[""'](?<value>[^""'\s]{8,})[""']",
        RegexOptions.IgnoreCase)]
    private static partial Regex AssignedSecret();

    [GeneratedRegex(@"^(?:.*(?:example|placeholder|change[-_ ]?me|your[-_]|dummy|xxxx|\*\*\*|\.\.\.|<.+>|\$\{|\{\{|%\w+%).*|(.)\1+)$", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^(?:\.env(?:\.(?!example$|sample$|template$)[\w.]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|.*\.(?:pfx|p12|key|keystore|jks)|\.npmrc|\.netrc|secrets\.json)$", RegexOptions.IgnoreCase)]
    private static partial Regex PrivateFile();
}
