using System.Text.RegularExpressions;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Publishing.Kubernetes;

public sealed partial class HelmPublisherTests
{
    private static readonly string Golden = Path.Combine(GoldenApplication.Folder, "k8s");

    [Fact]
    public async Task Chart_OfTheGoldenApplication_DiffersFromAspiresOnlyWhereItIsBetter()
    {
        var ours = (await PublishAsync(GoldenApplication.Describe("--operation", "publish", "--target", "k8s"))).Files.ToDictionary(file => file.File, file => file.Text);
        var golden = Directory.GetFiles(Golden, "*.yaml", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(Golden, file).Replace('\\', '/'), File.ReadAllText);

        new NamedDifferences(
            ("what others wait for to end is a job", @"^[-+]templates/migrations/(deployment|job)\.yaml: "),
            ("volumes outlive their pods", @"^(\+templates/ollama/ollama-data\.yaml: |\+.*volumeClaimTemplates|[-+~].*spec\.volumes|.*strategy\.)"),
            ("a stateful set has its service", @"^\+.*statefulset\.yaml: spec\.serviceName"),
            ("pods are probed", @"^\+.*(startupProbe|readinessProbe|livenessProbe)\."),
            ("pods ask for what they need", @"^\+(.*containers\[[\w-]+\]\.resources\.|values\.yaml: (resources|storage)\.)"),
            ("services do not run as root", @"^\+.*spec\.template\.spec\.securityContext\."),
            ("workers follow their load", @"^(\+templates/agents/autoscaler\.yaml: |\+values\.yaml: autoscaling\.agents\.|~templates/agents/deployment\.yaml: spec\.replicas = 3 → .*autoscaling)"),
            ("secrets are demanded and cannot break their quotes or their address", @"^~templates/\w+/secrets\.yaml: stringData\.\w+ = .* → .*include 'in\.(quotes|address)' \(required "),
            ("the database is there", @"^\+.*POSTGRES_DB"),
            ("no address that nothing serves", @"^-.*ORCHESTRATOR_HTTPS"),
            ("no value that nothing reads", @"^-values\.yaml: (secrets\.\w+\.(ConnectionStrings__\w+|\w+_URI)|config\.\w+\.(HTTP_PORTS|ORCHESTRATOR_HTTP|services__orchestrator__http__0)) = $"))
            .AreAllOf(golden.Keys.Union(ours.Keys).Where(file => file.EndsWith(".yaml", StringComparison.Ordinal)).SelectMany(file =>
                YamlDifferences.Between(golden.GetValueOrDefault(file, ""), ours.GetValueOrDefault(file, "")).Select(difference => $"{difference[0]}{file}: {difference[1..]}")));
    }

    [Fact]
    public async Task Expression_OfATemplate_ReadsAValueThatIsThere()
    {
        var chart = await PublishAsync(GoldenApplication.Describe("--operation", "publish", "--target", "k8s"));
        var values = YamlDifferences.Flatten(chart.Files.Single(file => file.File == "values.yaml").Text);

        Assert.All(chart.Files.SelectMany(file => ValuePath().Matches(file.Text).Select(path => path.Groups["path"].Value)), path => Assert.Contains(path, values.Keys));
        Assert.Equal("true", values["autoscaling.agents.enabled"]);
    }

    [Fact]
    public async Task Chart_WithAProjectThatKeepsData_GivesEachPodAClaim()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddProject("worker", "Worker.csproj").WithAnnotation(new ContainerMountAnnotation("worker-data", "/data", ContainerMountType.Volume, isReadOnly: false)).WithReplicas(2);

        var set = YamlDifferences.Flatten((await PublishAsync(builder)).Files.Single(file => file.File == "templates/worker/statefulset.yaml").Text);

        Assert.Contains(set, value => value.Key.Contains("volumeClaimTemplates", StringComparison.Ordinal) && value.Value == "worker-data");
        Assert.Equal("1654", set["spec.template.spec.securityContext.fsGroup"]);
    }

    [Fact]
    public async Task BindMount_OfAContainer_IsRefusedWithTheRemedy()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish"]);
        builder.AddContainer("reader", "image").WithBindMount("/somewhere", "/data");

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublishAsync(builder));

        Assert.StartsWith("Bind mounts are not supported by the Kubernetes publisher: 'reader' mounts '/somewhere'", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<HelmChart> PublishAsync(IDistributedApplicationBuilder builder)
    {
        var application = await new ApplicationReader(new DistributedApplicationModel(builder.Resources), builder.ExecutionContext, "apphost").ReadAsync(CancellationToken.None);
        var environment = builder.Resources.OfType<KubernetesEnvironmentResource>().FirstOrDefault() ?? new KubernetesEnvironmentResource("k8s") { DashboardEnabled = false };
        return new HelmPublisher(application, environment).Publish();
    }

    [GeneratedRegex(@"(?<![\w'""])\.Values\.(?<path>[\w.]+)")]
    private static partial Regex ValuePath();
}
