using System.Globalization;
using System.Runtime.CompilerServices;
using Aspire.Hosting.Offline;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A text with holes that are filled when the application runs, for example a connection string.</summary>
public class ReferenceExpression : IExpressionValue, IValueWithReferences
{
    /// <summary>The empty text.</summary>
    public static readonly ReferenceExpression Empty = new("", [], [], []);

    private readonly string[] manifestExpressions;

    private ReferenceExpression(string format, IValueProvider[] valueProviders, string[] manifestExpressions, string?[] stringFormats)
    {
        Format = format;
        ValueProviders = valueProviders;
        StringFormats = stringFormats;
        this.manifestExpressions = manifestExpressions;
    }

    private ReferenceExpression(IValueProvider condition, string matchValue, ReferenceExpression whenTrue, ReferenceExpression whenFalse)
        : this("", [], [], [])
    {
        Condition = condition;
        MatchValue = matchValue;
        WhenTrue = whenTrue;
        WhenFalse = whenFalse;
        Name = ConditionalNames.Of(condition, matchValue, whenTrue, whenFalse);
    }

    /// <summary>The text, with numbered holes as in <see cref="string.Format(string, object?)"/>.</summary>
    public string Format { get; }

    /// <summary>The value of each hole.</summary>
    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    /// <summary>The placeholder of each hole.</summary>
    public IReadOnlyList<string> ManifestExpressions => manifestExpressions;

    /// <summary>How each value is written: <c>uri</c> percent-encodes it, null leaves it as it is.</summary>
    public IReadOnlyList<string?> StringFormats { get; }

    /// <summary>Whether the text depends on <see cref="Condition"/>.</summary>
    public bool IsConditional => Condition is not null;

    /// <summary>The value compared with <see cref="MatchValue"/>; null when the text is not conditional.</summary>
    public IValueProvider? Condition { get; }

    /// <summary>What the condition is compared with, without regard to case.</summary>
    public string? MatchValue { get; }

    /// <summary>The text when the condition matches.</summary>
    public ReferenceExpression? WhenTrue { get; }

    /// <summary>The text when it does not.</summary>
    public ReferenceExpression? WhenFalse { get; }

    /// <inheritdoc/>
    public string ValueExpression => IsConditional ? $"{{{Name}.connectionString}}" : string.Format(CultureInfo.InvariantCulture, Format, [.. manifestExpressions]);

    /// <summary>The name of the conditional text in a manifest; null when the text is not conditional.</summary>
    internal string? Name { get; }

    IEnumerable<object> IValueWithReferences.References => IsConditional ? [Condition!, WhenTrue!, WhenFalse!] : ValueProviders;

    /// <summary>Makes the expression of an interpolated string.</summary>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.Build();

    /// <summary>Makes an expression whose text depends on a value.</summary>
    public static ReferenceExpression CreateConditional(IValueProvider condition, string matchValue, ReferenceExpression whenTrue, ReferenceExpression whenFalse)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(whenTrue);
        ArgumentNullException.ThrowIfNull(whenFalse);
        return new(condition, matchValue, whenTrue, whenFalse);
    }

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken)
    {
        if (IsConditional)
        {
            var actual = await Condition!.GetValueAsync(context, cancellationToken);
            var branch = string.Equals(actual, MatchValue, StringComparison.OrdinalIgnoreCase) ? WhenTrue! : WhenFalse!;
            return await branch.GetValueAsync(context, cancellationToken);
        }
        if (Format.Length == 0)
        {
            return null;
        }
        var values = new object?[ValueProviders.Count];
        for (var index = 0; index < values.Length; index++)
        {
            var value = await ValueProviders[index].GetValueAsync(context, cancellationToken);
            values[index] = StringFormats[index] == "uri" && value is not null ? Uri.EscapeDataString(value) : value;
        }
        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    internal static ReferenceExpression FromParts(string format, IValueProvider[] valueProviders, string[] manifestExpressions, string?[] stringFormats) =>
        new(format, valueProviders, manifestExpressions, stringFormats);

    /// <summary>Collects an interpolated string; the compiler calls it.</summary>
    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        private readonly ReferenceExpressionBuilder builder = new(literalLength, formattedCount);

        /// <summary>Appends text.</summary>
        public readonly void AppendLiteral(string value) => builder.AppendLiteral(value);

        /// <summary>Appends text, or nothing for null.</summary>
        public readonly void AppendFormatted(string? value) => builder.AppendFormatted(value);

        /// <summary>Appends text, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted(string? value, string? format = null) => builder.AppendFormatted(value, format);

        /// <summary>Appends the value of an expression.</summary>
        public readonly void AppendFormatted(ReferenceExpression valueProvider, string format) => builder.AppendFormatted(valueProvider, format);

        /// <summary>Appends a value that is known at run time.</summary>
        public readonly void AppendFormatted<T>(T valueProvider) where T : IValueProvider, IManifestExpressionProvider => builder.AppendFormatted(valueProvider);

        /// <summary>Appends a value that is known at run time, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted<T>(T valueProvider, string? format = null) where T : IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider, format);

        /// <summary>Appends the value of a resource.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider) where T : IResource, IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider.Resource);

        /// <summary>Appends the value of a resource, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider => builder.AppendFormatted(valueProvider.Resource, format);

        internal readonly ReferenceExpression Build() => builder.Build();
    }
}
