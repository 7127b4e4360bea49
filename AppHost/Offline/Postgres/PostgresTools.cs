using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Postgres
{
    /// <summary>pgAdmin: a web page for all PostgreSQL servers of the application.</summary>
    public sealed class PgAdminContainerResource(string name) : ContainerResource(name);

    /// <summary>pgweb: a small web page for all PostgreSQL databases of the application.</summary>
    public sealed class PgWebContainerResource(string name) : ContainerResource(name);
}

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>What is run to create the database; its name stands in it.</summary>
    internal sealed class PostgresCreateDatabaseScriptAnnotation(string script) : IResourceAnnotation
    {
        internal string Script { get; } = script;
    }
}
