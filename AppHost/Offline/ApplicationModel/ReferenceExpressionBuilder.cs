using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Makes a <see cref="ReferenceExpression"/> piece by piece.</summary>
public class ReferenceExpressionBuilder
{
    private readonly StringBuilder format;
    private readonly List<IValueProvider> valueProviders;
    private readonly List<string> manifestExpressions;
    private readonly List<string?> stringFormats;

    /// <summary>An empty builder.</summary>
    public ReferenceExpressionBuilder() : this(0, 0)
    {
    }

    internal ReferenceExpressionBuilder(int literalLength, int formattedCount)
    {
        format = new StringBuilder(literalLength + (3 * formattedCount));
        valueProviders = new(formattedCount);
        manifestExpressions = new(formattedCount);
        stringFormats = new(formattedCount);
    }

    /// <summary>Whether nothing was appended yet.</summary>
    public bool IsEmpty => format.Length == 0;

    /// <summary>Appends an interpolated string.</summary>
#pragma warning disable CA1822 // The compiler gives this instance to the handler, which appends to it before the call.
    public void Append([InterpolatedStringHandlerArgument("")] in ReferenceExpressionBuilderInterpolatedStringHandler handler)
    {
    }
#pragma warning restore CA1822

    /// <summary>Appends text as it is.</summary>
    public void AppendLiteral(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        // A brace of the text is no hole.
        format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
    }

    /// <summary>Appends text, or nothing for null.</summary>
    public void AppendFormatted(string? value) => AppendLiteral(value ?? "");

    /// <summary>Appends text; <c>uri</c> percent-encodes it.</summary>
    public void AppendFormatted(string? value, string? format = null) =>
        AppendLiteral(format == "uri" ? Uri.EscapeDataString(value ?? "") : value ?? "");

    /// <summary>Appends the value of an expression.</summary>
    public void AppendFormatted(ReferenceExpression valueProvider, string format) => AppendValueProvider(valueProvider, format);

    /// <summary>Appends a value that is known at run time.</summary>
    public void AppendFormatted<T>(T valueProvider) where T : IValueProvider, IManifestExpressionProvider => AppendValueProvider(valueProvider);

    /// <summary>Appends a value that is known at run time; <c>uri</c> percent-encodes it.</summary>
    public void AppendFormatted<T>(T valueProvider, string? format) where T : IValueProvider, IManifestExpressionProvider => AppendValueProvider(valueProvider, format);

    /// <summary>Appends an object that is both a value and a manifest expression.</summary>
    public void AppendValueProvider(object valueProvider, string? format = null)
    {
        ArgumentNullException.ThrowIfNull(valueProvider);
        if (valueProvider is not (IValueProvider value and IManifestExpressionProvider))
        {
            throw new ArgumentException($"'{valueProvider.GetType()}' is no value of a reference expression: it must be an IValueProvider and an IManifestExpressionProvider.", nameof(valueProvider));
        }
        this.format.Append('{').Append(valueProviders.Count).Append('}');
        valueProviders.Add(value);
        manifestExpressions.Add(((IManifestExpressionProvider)valueProvider).ValueExpression);
        stringFormats.Add(format);
    }

    /// <summary>The expression appended so far.</summary>
    public ReferenceExpression Build() => ReferenceExpression.FromParts(format.ToString(), [.. valueProviders], [.. manifestExpressions], [.. stringFormats]);

    /// <summary>Collects an interpolated string into the builder; the compiler calls it.</summary>
    [InterpolatedStringHandler]
    public ref struct ReferenceExpressionBuilderInterpolatedStringHandler
    {
        private readonly ReferenceExpressionBuilder builder;

        /// <summary>Appends to <paramref name="builder"/>.</summary>
        public ReferenceExpressionBuilderInterpolatedStringHandler(int literalLength, int formattedCount, ReferenceExpressionBuilder builder)
        {
            this.builder = builder;
        }

        /// <summary>Appends text.</summary>
        public readonly void AppendLiteral(string value) => builder.AppendLiteral(value);

        /// <summary>Appends text, or nothing for null.</summary>
        public readonly void AppendFormatted(string? value) => builder.AppendFormatted(value);

        /// <summary>Appends text, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted(string? value, string format) => builder.AppendFormatted(value, format);

        /// <summary>Appends the value of an expression.</summary>
        public readonly void AppendFormatted(ReferenceExpression valueProvider, string format) => builder.AppendFormatted(valueProvider, format);

        /// <summary>Appends a value that is known at run time.</summary>
        public readonly void AppendFormatted<T>(T valueProvider) where T : IValueProvider, IManifestExpressionProvider => builder.AppendFormatted(valueProvider);

        /// <summary>Appends a value that is known at run time, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted<T>(T valueProvider, string? format) where T : IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider, format);

        /// <summary>Appends the value of a resource.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider) where T : IResource, IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider.Resource);

        /// <summary>Appends the value of a resource, encoded as <paramref name="format"/> says.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format)
            where T : IResource, IValueProvider, IManifestExpressionProvider => builder.AppendFormatted(valueProvider.Resource, format);
    }
}
