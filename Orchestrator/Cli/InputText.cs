namespace Stack.Cli;

/// <summary>Reads texts that a person names by file.</summary>
internal static class InputText
{
    /// <summary>Reads a file; <c>-</c> is the standard input.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static async Task<string> ReadAsync(Surroundings surroundings, string path, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            return await surroundings.In.ReadToEndAsync(cancellationToken);
        }

        try
        {
            return await File.ReadAllTextAsync(surroundings.PathOf(path), cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The file '{path}' cannot be read: {failure.Message} Name a file that exists, or '-' for the standard input.");
        }
    }
}
