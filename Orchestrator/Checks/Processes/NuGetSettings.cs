using System.Xml.Linq;

namespace Stack.Checks.Processes;

/// <summary>Carries the user's NuGet sources over to the private HOME, so that builds restore from where the user restores.</summary>
internal static class NuGetSettings
{
    private static readonly string[] Secrets = ["packageSourceCredentials", "apikeys", "clientCertificates"];

    /// <summary>Copies <c>NuGet.Config</c> without passwords, keys and certificates. Does nothing when there is none or it cannot be read as XML.</summary>
    /// <param name="fromHome">The user's HOME.</param>
    /// <param name="toHome">The private HOME.</param>
    public static void CopyWithoutSecrets(string fromHome, string toHome)
    {
        var source = Path.Combine(fromHome, ".nuget", "NuGet", "NuGet.Config");
        if (fromHome == toHome || !File.Exists(source))
        {
            return;
        }

        try
        {
            var settings = XDocument.Load(source);
            settings.Root?.Elements().Where(element => Secrets.Contains(element.Name.LocalName, StringComparer.OrdinalIgnoreCase)).Remove();
            var target = Path.Combine(toHome, ".nuget", "NuGet");
            Directory.CreateDirectory(target);
            settings.Save(Path.Combine(target, "NuGet.Config"));
        }
        catch (System.Xml.XmlException)
        {
            // NuGet itself will refuse the file and say where; a private HOME without it falls back to the defaults.
        }
    }
}
