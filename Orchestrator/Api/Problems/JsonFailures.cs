using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Problems;

/// <summary>Says what is wrong with a JSON body in words of the body instead of words of our types.</summary>
internal static partial class JsonFailures
{
    /// <summary>The problem of a body that could not be read.</summary>
    /// <param name="failure">What the reader said.</param>
    /// <param name="bodyType">What was expected. Null: not known.</param>
    public static Problem Describe(JsonException failure, Type? bodyType)
    {
        var position = failure.LineNumber is { } line
            ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, position {(failure.BytePositionInLine ?? 0) + 1})")
            : "";
        var field = Field(failure.Path);
        if (MissingProperties().Match(failure.Message) is { Success: true } missing)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"{(field.Length > 0 ? field + ": " : "")}required fields are missing: {missing.Groups[1].Value.Replace("'", "", StringComparison.Ordinal).TrimEnd('.')}.");
        }

        if (failure is { InnerException: null, Path: not null } && !failure.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            // A converter of ours: its sentence is meant for people.
            return Problem.Of(ProblemTypes.InvalidRequest, $"{field}: {Sentence(failure.Message)}{position}");
        }

        // The reader found no JSON at all; otherwise it is JSON of another shape.
        return failure.Path is null || failure.InnerException is JsonException
            ? Problem.Of(ProblemTypes.MalformedBody, $"The body is not JSON: {Sentence((failure.InnerException ?? failure).Message)}{position}")
            : Problem.Of(ProblemTypes.InvalidRequest, $"{(field.Length > 0 ? field : "The body")} {Expected(TypeAt(bodyType, field))}{position}");
    }

    /// <summary>The problem of an object that can be of several kinds and does not say of which. Null: it is something else.</summary>
    /// <param name="failure">What the reader said.</param>
    public static Problem? DescribeUntold(NotSupportedException failure) => UntoldKind().Match(failure.Message) is { Success: true } untold
        ? Problem.Of(ProblemTypes.InvalidRequest, $"{Field(untold.Groups[1].Value)}: it does not say of which kind it is.", "Add its 'type', for example stage.completed.")
        : null;

    private static string Expected(Type? type)
    {
        type = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            null => "has a value of the wrong kind.",
            { IsEnum: true } => $"must be one of: {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}.",
            _ when type == typeof(string) => "must be a text.",
            _ when type == typeof(bool) => "must be true or false.",
            _ when type == typeof(WorkflowId) => "must be a workflow id (a UUID).",
            _ when type == typeof(DateTimeOffset) => "must be a time, for example 2026-01-31T12:00:00Z.",
            { IsPrimitive: true } => "must be a number.",
            _ when type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type) => "must be a list.",
            _ => "must be an object.",
        };
    }

    /// <summary>The type at a path like <c>a.b[2].c</c>. Null: not found.</summary>
    private static Type? TypeAt(Type? root, string path)
    {
        var type = root;
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var property = name.Split('[')[0];
            if (property.Length > 0)
            {
                type = type is null ? null : StackJson.Options.GetTypeInfo(type).Properties.FirstOrDefault(candidate => candidate.Name == property)?.PropertyType;
            }

            for (var depth = name.Count(c => c == '['); depth > 0; depth--)
            {
                type = type is null ? null : StackJson.Options.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Enumerable } list ? list.ElementType : null;
            }
        }

        return type;
    }

    private static string Field(string? path) => path is null or "$" ? "" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');

    private static string Sentence(string message)
    {
        var end = PositionTail().Match(message);
        return (end.Success ? message[..end.Index] : message).Trim();
    }

    [GeneratedRegex("missing required properties(?: including)?:? (.*)$")]
    private static partial Regex MissingProperties();

    [GeneratedRegex(@"abstract type.*Path: (\S+)")]
    private static partial Regex UntoldKind();

    [GeneratedRegex(@"\s*(Path: |LineNumber: ).*$")]
    private static partial Regex PositionTail();
}
