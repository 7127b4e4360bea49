namespace Stack.Tests.AppHost.Offline;

/// <summary>
/// What Aspire 13 itself gives the resources of <see cref="GoldenApplication"/> as environment, in its order. Three values are ours: the service's name
/// and instance, which Aspire's orchestrator fills in later, and the address to bind, which is the public one because no proxy stands before the process.
/// </summary>
internal static class GoldenEnvironment
{
    public static readonly IReadOnlyDictionary<string, (string Name, string Value)[]> Expected = new Dictionary<string, (string Name, string Value)[]>
    {
        ["orchestrator"] =
        [
            ("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory"),
            ("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:19000"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id={instance}"),
            ("OTEL_SERVICE_NAME", "orchestrator"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=key"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            ("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true"),
            ("LOGGING__CONSOLE__FORMATTERNAME", "simple"),
            ("ASPNETCORE_URLS", "http://localhost:5100"),
            ("DOTNET_LAUNCH_PROFILE", "http"),
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("ConnectionStrings__appdb", "Host=localhost;Port=40000;Username=postgres;Password=P@ss w0rd;Database=appdb"),
            ("APPDB_HOST", "localhost"),
            ("APPDB_PORT", "40000"),
            ("APPDB_USERNAME", "postgres"),
            ("APPDB_PASSWORD", "P@ss w0rd"),
            ("APPDB_URI", "postgresql://postgres:P%40ss%20w0rd@localhost:40000/appdb"),
            ("APPDB_JDBCCONNECTIONSTRING", "jdbc:postgresql://localhost:40000/appdb"),
            ("APPDB_DATABASENAME", "appdb"),
            ("ConnectionStrings__cache", "localhost:40001,password=CPW"),
            ("CACHE_HOST", "localhost"),
            ("CACHE_PORT", "40001"),
            ("CACHE_PASSWORD", "CPW"),
            ("CACHE_URI", "redis://:CPW@localhost:40001"),
            ("ConnectionStrings__messaging", "amqp://guest:M%2FPW@localhost:40002"),
            ("MESSAGING_HOST", "localhost"),
            ("MESSAGING_PORT", "40002"),
            ("MESSAGING_USERNAME", "guest"),
            ("MESSAGING_PASSWORD", "M/PW"),
            ("MESSAGING_URI", "amqp://guest:M%2FPW@localhost:40002"),
            ("Ollama__Endpoint", "http://localhost:40004"),
            ("Ollama__Model", "llama3.2"),
            ("ApiKey", "APIKEY"),
        ],
        ["agents"] =
        [
            ("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory"),
            ("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:19000"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id={instance}"),
            ("OTEL_SERVICE_NAME", "agents"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=key"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            ("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true"),
            ("LOGGING__CONSOLE__FORMATTERNAME", "simple"),
            ("ASPNETCORE_URLS", "http://localhost:5101"),
            ("DOTNET_LAUNCH_PROFILE", "http"),
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("ORCHESTRATOR_HTTP", "http://localhost:5100"),
            ("services__orchestrator__http__0", "http://localhost:5100"),
            ("ConnectionStrings__messaging", "amqp://guest:M%2FPW@localhost:40002"),
            ("MESSAGING_HOST", "localhost"),
            ("MESSAGING_PORT", "40002"),
            ("MESSAGING_USERNAME", "guest"),
            ("MESSAGING_PASSWORD", "M/PW"),
            ("MESSAGING_URI", "amqp://guest:M%2FPW@localhost:40002"),
            ("ConnectionStrings__external", "EXT"),
        ],
        ["migrations"] =
        [
            ("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory"),
            ("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:19000"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id={instance}"),
            ("OTEL_SERVICE_NAME", "migrations"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=key"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            ("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true"),
            ("LOGGING__CONSOLE__FORMATTERNAME", "simple"),
            ("ConnectionStrings__appdb", "Host=localhost;Port=40000;Username=postgres;Password=P@ss w0rd;Database=appdb"),
            ("APPDB_HOST", "localhost"),
            ("APPDB_PORT", "40000"),
            ("APPDB_USERNAME", "postgres"),
            ("APPDB_PASSWORD", "P@ss w0rd"),
            ("APPDB_URI", "postgresql://postgres:P%40ss%20w0rd@localhost:40000/appdb"),
            ("APPDB_JDBCCONNECTIONSTRING", "jdbc:postgresql://localhost:40000/appdb"),
            ("APPDB_DATABASENAME", "appdb"),
        ],
        ["postgres"] =
        [
            ("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256"),
            ("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --auth-local=scram-sha-256"),
            ("POSTGRES_USER", "postgres"),
            ("POSTGRES_PASSWORD", "P@ss w0rd"),
        ],
        ["cache"] =
        [
            ("REDIS_PASSWORD", "CPW"),
        ],
        ["messaging"] =
        [
            ("RABBITMQ_DEFAULT_USER", "guest"),
            ("RABBITMQ_DEFAULT_PASS", "M/PW"),
        ],
    };

    public static readonly IReadOnlyDictionary<string, string> ConnectionStrings = new Dictionary<string, string>
    {
        ["postgres"] = "Host=localhost;Port=40000;Username=postgres;Password=P@ss w0rd",
        ["appdb"] = "Host=localhost;Port=40000;Username=postgres;Password=P@ss w0rd;Database=appdb",
        ["cache"] = "localhost:40001,password=CPW",
        ["messaging"] = "amqp://guest:M%2FPW@localhost:40002",
        ["external"] = "EXT",
    };
}
