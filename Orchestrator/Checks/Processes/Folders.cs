namespace Stack.Checks.Processes;

/// <summary>Removes folders that programs of others wrote.</summary>
internal static class Folders
{
    /// <summary>Removes a folder with everything in it, also what is marked read-only. What cannot be removed stays; the next start of the agent tries again.</summary>
    /// <param name="path">The folder. Nothing happens when it does not exist.</param>
    /// <returns>Whether it is gone.</returns>
    public static bool Remove(string path)
    {
        var isThere = Directory.Exists(path);
        for (var tries = 0; tries < 3 && isThere; tries++)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // A process that is just ending removed something; look again.
            }
            catch (IOException)
            {
                // Something was written while we removed; look again.
            }
            catch (UnauthorizedAccessException)
            {
                MakeWritable(path);
            }

            isThere = Directory.Exists(path);
        }

        return !isThere;
    }

    private static void MakeWritable(string path)
    {
        foreach (var folder in Directory.EnumerateDirectories(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }
}
