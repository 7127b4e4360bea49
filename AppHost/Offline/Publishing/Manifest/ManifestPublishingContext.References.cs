using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

public sealed partial class ManifestPublishingContext
{
    private readonly HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<object> open = [];
    private readonly OrderedDictionary<ParameterResource, OrderedDictionary<string, string>> encoded = [];
    private readonly OrderedDictionary<string, ReferenceExpression> conditionals = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes sure that everything a value mentions has an entry: generated parameters, encoded forms of parameters, conditional values.</summary>
    public void TryAddDependentResources(object? value)
    {
        if (value is ReferenceExpression expression)
        {
            NoteEncodings(expression);
            NoteConditionals(expression);
        }
        if (value is IResource resource)
        {
            if (!referenced.Exists(known => known.Name == resource.Name))
            {
                referenced.Add(resource);
                names.Add(resource.Name);
            }
        }
        else if (value is IValueWithReferences references && open.Add(value))
        {
            foreach (var reference in references.References.Where(reference => !open.Contains(reference)))
            {
                TryAddDependentResources(reference);
            }
            open.Remove(value);
        }
    }

    // A value that is percent-encoded has an entry of its own, which the expression mentions in the value's place.
    private string Placeholder(ReferenceExpression expression, string whole)
    {
        if (expression.IsConditional)
        {
            return whole;
        }
        var parts = expression.ManifestExpressions.ToArray();
        for (var index = 0; index < parts.Length; index++)
        {
            if (EncodedName(expression, index) is { } name)
            {
                parts[index] = $"{{{name}.value}}";
            }
            else if (expression.ValueProviders[index] is ReferenceExpression { IsConditional: false } inner)
            {
                parts[index] = Placeholder(inner, parts[index]);
            }
        }
        return string.Format(CultureInfo.InvariantCulture, expression.Format, [.. parts]);
    }

    private void NoteEncodings(ReferenceExpression expression)
    {
        if (expression.IsConditional)
        {
            NoteEncodings(expression.WhenTrue!);
            NoteEncodings(expression.WhenFalse!);
            return;
        }
        for (var index = 0; index < expression.StringFormats.Count; index++)
        {
            if (EncodedName(expression, index) is null && expression.ValueProviders[index] is ReferenceExpression inner)
            {
                NoteEncodings(inner);
            }
        }
    }

    private void NoteConditionals(ReferenceExpression expression)
    {
        foreach (var conditional in expression.ValueProviders.Prepend(expression).OfType<ReferenceExpression>().Where(one => one.IsConditional))
        {
            conditionals.TryAdd(conditional.Name!, conditional);
            names.Add(conditional.Name!);
        }
    }

    private string? EncodedName(ReferenceExpression expression, int index)
    {
        var parameter = expression.ValueProviders[index] switch
        {
            ParameterResource direct => direct,
            ReferenceExpression { Format: "{0}", ValueProviders: [ParameterResource inner] } => inner,
            _ => null,
        };
        if (parameter is null || expression.StringFormats[index] is not { Length: > 0 } format)
        {
            return null;
        }
        if (!encoded.TryGetValue(parameter, out var formats))
        {
            encoded[parameter] = formats = [];
        }
        if (!formats.TryGetValue(format, out var name))
        {
            formats[format] = name = FreeName($"{parameter.Name}-{Words(format)}-encoded");
        }
        return name;
    }

    private string FreeName(string wanted)
    {
        var name = wanted;
        for (var number = 1; !names.Add(name); number++)
        {
            name = $"{wanted}-{number.ToString(CultureInfo.InvariantCulture)}";
        }
        return name;
    }

    private static string Words(string format)
    {
        var words = string.Concat(format.Select(letter => char.IsLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-')).Trim('-');
        return words.Length > 0 ? words : "formatted";
    }
}
