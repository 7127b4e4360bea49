using System.Globalization;
using System.Text.RegularExpressions;
using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>The references of a workflow's repository and the rules for their names.</summary>
internal static partial class GitReferences
{
    /// <summary>The branch that holds what counted so far.</summary>
    public const string WorkBranch = "work";

    /// <summary>The same as a full name.</summary>
    public const string Work = "refs/heads/work";

    /// <summary>The target branch.</summary>
    public const string Main = "refs/heads/main";

    /// <summary>Where the workflow began; what a difference is shown against.</summary>
    public const string Base = "refs/stack/base";

    /// <summary>The branches of attempts.</summary>
    public const string Attempts = "refs/heads/attempts/";

    /// <summary>The name that git uses for no commit.</summary>
    public const string NoCommit = "0000000000000000000000000000000000000000";

    /// <summary>The branch of an attempt, short.</summary>
    /// <param name="taskId">The attempt.</param>
    public static string AttemptBranch(TaskId taskId) => string.Create(CultureInfo.InvariantCulture, $"attempts/{taskId.Stage}/{taskId.Attempt}");

    /// <summary>Whether a text is a full commit hash.</summary>
    /// <param name="text">The text.</param>
    public static bool IsCommit(string? text) => text is { Length: 40 or 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a text may be given to git as the name of a commit: a branch, a tag or a hash, and nothing that git reads as an option or an expression.</summary>
    /// <param name="text">The text.</param>
    public static bool IsRevision(string text) => text.Length <= 200 && Revision().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);

    /// <summary>Whether a result may move a reference of this name: branches other than our own, tags, and our notes.</summary>
    /// <param name="name">The full name.</param>
    public static bool IsMovable(string name) =>
        (name.StartsWith("refs/heads/", StringComparison.Ordinal) || name.StartsWith("refs/tags/", StringComparison.Ordinal) || name.StartsWith("refs/stack/", StringComparison.Ordinal))
        && name != Work && !name.StartsWith(Attempts, StringComparison.Ordinal) && IsFullName(name);

    /// <summary>Whether a name follows git's rules for references, a little narrower: no characters outside of letters, digits, <c>. _ - / +</c>.</summary>
    /// <param name="name">The full name.</param>
    public static bool IsFullName(string name) =>
        name.Length <= 250 && FullName().IsMatch(name)
        && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("//", StringComparison.Ordinal) && !name.Contains("/.", StringComparison.Ordinal)
        && !name.EndsWith(".lock", StringComparison.Ordinal) && !name.Contains(".lock/", StringComparison.Ordinal) && name[^1] is not ('.' or '/');

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._/+-]*$")]
    private static partial Regex Revision();

    [GeneratedRegex("^refs/[A-Za-z0-9._/+-]+$")]
    private static partial Regex FullName();
}
