using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Writes the parts of an entity's code that depend on its fields.</summary>
internal static class EntityCode
{
    /// <summary>How many characters a text may have.</summary>
    public const int TextLength = 200;

    private const int LongTextLength = 10_000;

    private static readonly FrozenSet<string> s_keywords =
        "abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal is lock long namespace new null object operator out override params private protected public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while"
            .Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Sets the values that the entity's templates name.</summary>
    /// <param name="files">Where they are set.</param>
    /// <param name="entity">The entity.</param>
    public static void Set(RepositoryFiles files, Entity entity)
    {
        var (invalid, wrongFields) = EntitySamples.Invalid(entity);
        files.Set("Entity", entity.TypeName)
            .Set("entity", entity.Words)
            .Set("An_entity", Capital(CodeNames.WithArticle(entity.Words)))
            .Set("route", entity.Route)
            .Set("properties", Paragraphs(entity, field => $"    public {(field.Optional || field.Kind is FieldKind.Flag ? "" : "required ")}{TypeOf(field, nullable: field.Optional)} {field.Name} {{ get; init; }}"))
            .Set("input_properties", Paragraphs(entity, field => $"    public {TypeOf(field, nullable: field.Kind is not FieldKind.Flag)} {field.Name} {{ get; init; }}"))
            .Set("checks", string.Join('\n', entity.Fields.Select(CheckOf).OfType<string>()))
            .Set("assignments", string.Join('\n', entity.Fields.Select(field => $"        {field.Name} = {AssignmentOf(field)},")))
            .Set("valid", Members(EntitySamples.Valid(entity)))
            .Set("changed", Members(EntitySamples.Changed(entity)))
            .Set("invalid", Members(invalid))
            .Set("invalid_fields", string.Join(", ", wrongFields.Select(name => $"\"{name}\"")));
    }

    private static string Paragraphs(Entity entity, Func<EntityField, string> write) =>
        string.Join("\n\n", entity.Fields.Select(field => $"    /// <summary>{Describe(field)}</summary>\n{write(field)}"));

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Describe(EntityField field) => field.Kind switch
    {
        FieldKind.Flag => $"Whether it {(field.Words.Split(' ')[0] is "is" or "has" or "can" ? "" : "is ")}{field.Words}.",
        _ when field.Optional => $"The {field.Words}. Null: not known.",
        _ => $"The {field.Words}.",
    };

    private static string TypeOf(EntityField field, bool nullable) => field.Kind switch
    {
        FieldKind.Whole => "int",
        FieldKind.Number => "decimal",
        FieldKind.Flag => "bool",
        FieldKind.Date => "DateOnly",
        _ => "string",
    } + (nullable && field.Kind is not FieldKind.Flag ? "?" : "");

    private static string? CheckOf(EntityField field)
    {
        var required = field.Optional ? "false" : "true";
        return field.Kind switch
        {
            FieldKind.Text => $"        errors.CheckText(\"{field.JsonName}\", {field.Name}, {TextLength}, required: {required});",
            FieldKind.LongText => $"        errors.CheckText(\"{field.JsonName}\", {field.Name}, {LongTextLength:#\\_000}, required: {required});",
            FieldKind.Email => $"        errors.CheckEmail(\"{field.JsonName}\", {field.Name}, required: {required});",
            FieldKind.WebAddress => $"        errors.CheckWebAddress(\"{field.JsonName}\", {field.Name}, required: {required});",
            FieldKind.Whole or FieldKind.Number => $"        errors.CheckNotNegative(\"{field.JsonName}\", {field.Name}, required: {required});",
            FieldKind.Date when !field.Optional => $"        errors.CheckPresent(\"{field.JsonName}\", {field.Name});",
            _ => null,
        };
    }

    private static string AssignmentOf(EntityField field) => field.Kind switch
    {
        _ when field.Optional || field.Kind is FieldKind.Flag => field.Name,
        FieldKind.Whole or FieldKind.Number or FieldKind.Date => $"{field.Name}.GetValueOrDefault()",
        _ => $"{field.Name} ?? \"\"",
    };

    private static string Members(JsonObject sample) =>
        string.Join('\n', sample.Select(member => $"        {(s_keywords.Contains(member.Key) ? "@" : "")}{member.Key} = {Literal(member.Value!)},"));

    // JSON strings of these samples, numbers and truth values are C# literals, but for the m of a decimal.
    private static string Literal(JsonNode value) => value.GetValueKind() is JsonValueKind.Number && value.ToJsonString().Contains('.', StringComparison.Ordinal)
        ? $"{value.ToJsonString()}m"
        : value.ToJsonString();
}
