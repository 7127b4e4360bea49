namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Something that a generated API stores.</summary>
/// <param name="TypeName">The name of its type, for example <c>Book</c>.</param>
/// <param name="Words">What it is called in a sentence, for example <c>book</c>.</param>
/// <param name="Route">Where it is found, for example <c>books</c>.</param>
/// <param name="Fields">Its fields; at least one.</param>
/// <param name="FieldsAreGiven">Whether the requirements named the fields.</param>
internal sealed record Entity(string TypeName, string Words, string Route, IReadOnlyList<EntityField> Fields, bool FieldsAreGiven);

/// <summary>A field of an entity.</summary>
/// <param name="Name">Its name in C#, for example <c>DueDate</c>.</param>
/// <param name="JsonName">Its name in JSON, for example <c>dueDate</c>.</param>
/// <param name="Words">What it is called in a sentence, for example <c>due date</c>.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Optional">Whether it may be left out.</param>
internal sealed record EntityField(string Name, string JsonName, string Words, FieldKind Kind, bool Optional);

/// <summary>What a field holds.</summary>
internal enum FieldKind
{
    /// <summary>A text of up to 200 characters.</summary>
    Text,

    /// <summary>A text of up to 10,000 characters.</summary>
    LongText,

    /// <summary>An e-mail address.</summary>
    Email,

    /// <summary>A web address.</summary>
    WebAddress,

    /// <summary>A whole number, 0 or more.</summary>
    Whole,

    /// <summary>A decimal number, 0 or more.</summary>
    Number,

    /// <summary>True or false; false when left out.</summary>
    Flag,

    /// <summary>A calendar date.</summary>
    Date,
}
