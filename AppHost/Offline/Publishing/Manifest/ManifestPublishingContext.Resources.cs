using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;

namespace Aspire.Hosting.Publishing;

public sealed partial class ManifestPublishingContext
{
    /// <summary>Writes all resources in the order of the model, then what they mention beyond it: generated parameters, encoded forms, conditional values.</summary>
    internal async Task WriteModelAsync(DistributedApplicationModel model)
    {
        names.UnionWith(model.Resources.Select(resource => resource.Name));
        hasComputeEnvironment = model.Resources.OfType<IComputeEnvironmentResource>().Any();
        Writer.WriteStartObject();
        Writer.WriteStartObject("resources");
        foreach (var resource in model.Resources)
        {
            await WriteResourceAsync(resource);
        }
        foreach (var resource in referenced.Where(resource => !model.Resources.Any(known => known.Name == resource.Name)).ToArray())
        {
            await WriteResourceAsync(resource);
        }
        foreach (var parameter in encoded.Keys.ToArray())
        {
            WriteEncodings(parameter);
        }
        foreach (var (name, conditional) in conditionals)
        {
            Writer.WriteStartObject(name);
            Writer.WriteString("type", "value.v0");
            Writer.WriteString("connectionString", await conditional.GetValueAsync(CancellationToken) ?? "");
            Writer.WriteEndObject();
        }
        Writer.WriteEndObject();
        Writer.WriteEndObject();
        await Writer.FlushAsync(CancellationToken);
    }

    private async Task WriteResourceAsync(IResource resource)
    {
        var custom = resource.Annotations.OfType<ManifestPublishingCallbackAnnotation>().LastOrDefault();
        if (custom is { Callback: null })
        {
            return;
        }
        Writer.WriteStartObject(resource.Name);
        await (custom?.Callback is { } callback ? callback(this) : WriteUsuallyAsync(resource));
        Writer.WriteEndObject();
        if (resource is ParameterResource parameter)
        {
            WriteEncodings(parameter);
        }
    }

    private async Task WriteUsuallyAsync(IResource resource)
    {
        switch (resource)
        {
            case ContainerResource container:
                await WriteContainerAsync(container);
                break;
            case ProjectResource project:
                await WriteProjectAsync(project);
                break;
            case ExecutableResource executable:
                await WriteExecutableAsync(executable);
                break;
            case ParameterResource parameter:
                WriteParameter(parameter);
                break;
            case IResourceWithConnectionString:
                Writer.WriteString("type", "value.v0");
                WriteConnectionString(resource);
                break;
            default:
                Writer.WriteString("error", "This resource does not support generation in the manifest.");
                break;
        }
    }

    private async Task WriteProjectAsync(ProjectResource project)
    {
        Writer.WriteString("type", hasComputeEnvironment ? "project.v1" : "project.v0");
        Writer.WriteString("path", GetManifestRelativePath(project.GetProjectMetadata().ProjectPath));
        await WriteCommandLineArgumentsAsync(project);
        await WriteEnvironmentVariablesAsync(project);
        WriteBindings(project);
    }

    private async Task WriteExecutableAsync(ExecutableResource executable)
    {
        Writer.WriteString("type", "executable.v0");
        WriteConnectionString(executable);
        Writer.WriteString("workingDirectory", GetManifestRelativePath(executable.WorkingDirectory));
        Writer.WriteString("command", executable.Command);
        await WriteCommandLineArgumentsAsync(executable);
        await WriteEnvironmentVariablesAsync(executable);
        WriteBindings(executable);
    }

    private void WriteParameter(ParameterResource parameter)
    {
        Writer.WriteString("type", "parameter.v0");
        if (parameter.IsConnectionString)
        {
            Writer.WriteString("connectionString", $"{{{parameter.Name}.value}}");
        }
        Writer.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        Writer.WriteStartObject("inputs");
        Writer.WriteStartObject("value");
        Writer.WriteString("type", "string");
        if (parameter.Secret)
        {
            Writer.WriteBoolean("secret", true);
        }
        WriteDefault(parameter.Default);
        Writer.WriteEndObject();
        Writer.WriteEndObject();
    }

    private void WriteDefault(ParameterDefault? value)
    {
        switch (value is KeptParameterDefault kept ? kept.Inner : value)
        {
            case GenerateParameterDefault generated:
                Writer.WriteStartObject("default");
                WriteGenerator(generated);
                Writer.WriteEndObject();
                break;
            case ConstantParameterDefault constant:
                Writer.WriteStartObject("default");
                Writer.WriteString("value", constant.GetDefaultValue());
                Writer.WriteEndObject();
                break;
        }
    }

    private void WriteGenerator(GenerateParameterDefault generated)
    {
        Writer.WriteStartObject("generate");
        Writer.WriteNumber("minLength", generated.MinLength);
        foreach (var (name, allowed) in new[] { ("lower", generated.Lower), ("upper", generated.Upper), ("numeric", generated.Numeric), ("special", generated.Special) })
        {
            if (!allowed)
            {
                Writer.WriteBoolean(name, false);
            }
        }
        foreach (var (name, least) in new[]
            { ("minLower", generated.MinLower), ("minUpper", generated.MinUpper), ("minNumeric", generated.MinNumeric), ("minSpecial", generated.MinSpecial) })
        {
            if (least > 0)
            {
                Writer.WriteNumber(name, least);
            }
        }
        Writer.WriteEndObject();
    }

    private void WriteEncodings(ParameterResource parameter)
    {
        if (!encoded.Remove(parameter, out var formats))
        {
            return;
        }
        foreach (var (format, name) in formats)
        {
            Writer.WriteStartObject(name);
            Writer.WriteString("type", "annotated.string");
            Writer.WriteString("value", parameter.ValueExpression);
            Writer.WriteString("filter", format);
            Writer.WriteEndObject();
        }
    }
}
