using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

/// <summary>What kind of value is asked for.</summary>
[Experimental("ASPIREINTERACTION001")]
public enum InputType
{
    /// <summary>A line of text.</summary>
    Text = 0,

    /// <summary>A text that is not shown while it is typed.</summary>
    SecretText = 1,

    /// <summary>One of some.</summary>
    Choice = 2,

    /// <summary>true or false.</summary>
    Boolean = 3,

    /// <summary>A number.</summary>
    Number = 4,
}

/// <summary>A value that somebody is asked for.</summary>
[Experimental("ASPIREINTERACTION001")]
public sealed class InteractionInput
{
    /// <summary>Its name, unique in the prompt.</summary>
    public required string Name { get; init; }

    /// <summary>The name people see; null means <see cref="Name"/>.</summary>
    public string? Label { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether <see cref="Description"/> is markdown.</summary>
    public bool EnableDescriptionMarkdown { get; init; }

    /// <summary>What kind of value.</summary>
    public required InputType InputType { get; init; }

    /// <summary>Whether there must be a value.</summary>
    public bool Required { get; init; }

    /// <summary>What can be chosen: values and the words for them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Options { get; set; }

    /// <summary>Whether something else than <see cref="Options"/> can be chosen.</summary>
    public bool AllowCustomChoice { get; init; }

    /// <summary>The value: before, what it is unless another is given; after, what was given.</summary>
    public string? Value { get; set; }

    /// <summary>An example, shown until something is typed.</summary>
    public string? Placeholder { get; init; }

    /// <summary>The greatest length, in characters; null means no limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether it cannot be changed.</summary>
    public bool Disabled { get; set; }

    internal string Title => Label ?? Name;
}

/// <summary>The values of a prompt, by name.</summary>
[Experimental("ASPIREINTERACTION001")]
public sealed class InteractionInputCollection(IReadOnlyList<InteractionInput> inputs) : IReadOnlyList<InteractionInput>
{
    private readonly Dictionary<string, InteractionInput> byName = inputs.ToDictionary(input => input.Name, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public int Count => inputs.Count;

    /// <summary>All names.</summary>
    public IEnumerable<string> Names => inputs.Select(input => input.Name);

    /// <inheritdoc/>
    public InteractionInput this[int index] => inputs[index];

    /// <summary>The value of that name; throws when there is none.</summary>
    public InteractionInput this[string name] => byName.TryGetValue(name, out var input) ? input : throw new KeyNotFoundException($"There is no input named '{name}'.");

    /// <summary>Whether there is a value of that name.</summary>
    public bool ContainsName(string name) => byName.ContainsKey(name);

    /// <summary>The value of that name, if there is one.</summary>
    public bool TryGetByName(string name, [NotNullWhen(true)] out InteractionInput? input) => byName.TryGetValue(name, out input);

    /// <inheritdoc/>
    public IEnumerator<InteractionInput> GetEnumerator() => inputs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
