using System.Data.Common;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Passwords of servers as clients read them: connection strings of the model hold them as they are, so that some would be cut off or read as something else.</summary>
internal static class ClientPassword
{
    /// <summary>The password; throws <see cref="DistributedApplicationException"/> with the remedy when clients would read another one, or a line of the server's files would end in it.</summary>
    internal static async Task<string> ReadAsync(ParameterResource parameter, Func<string, bool> survives, CancellationToken cancellationToken)
    {
        var password = await parameter.GetValueAsync(cancellationToken) ?? "";
        return !password.Any(char.IsControl) && survives(password) ? password : throw new DistributedApplicationException(
            $"Clients would read the password of the parameter '{parameter.Name}' wrongly in their connection strings: it has a separator or a control character, or begins or ends with a space or a quote. "
            + $"Give another one (--Parameters:{parameter.Name} VALUE), or none, and one is made.");
    }

    /// <summary>Whether it is read as it is from a list of <c>NAME=VALUE</c> with semicolons between.</summary>
    internal static bool SurvivesSemicolons(string password)
    {
        try
        {
            return password.Length == 0 || new DbConnectionStringBuilder { ConnectionString = $"Password={password}" }["Password"] is string read && read == password;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether it is read as it is from a list with commas between.</summary>
    internal static bool SurvivesCommas(string password) => !password.Contains(',', StringComparison.Ordinal) && password.Trim() == password;
}
