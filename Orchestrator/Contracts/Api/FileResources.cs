namespace Stack.Contracts;

/// <summary>A file or folder of a workspace.</summary>
/// <param name="Path">Relative to the workspace, forward slashes.</param>
/// <param name="Type"><c>file</c> or <c>directory</c>.</param>
/// <param name="SizeBytes">Its size; null for folders.</param>
public sealed record FileEntry(string Path, string Type, long? SizeBytes);

/// <summary>The files of a workspace at one commit.</summary>
/// <param name="Commit">The commit.</param>
/// <param name="Files">All entries, by path.</param>
public sealed record FileTree(string Commit, IReadOnlyList<FileEntry> Files);
