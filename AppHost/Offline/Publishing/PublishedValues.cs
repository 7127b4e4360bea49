using System.Globalization;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Takes the values of a description apart: what is known becomes text, what is not a hole.</summary>
internal sealed partial class PublishedValues(Func<IResource, EndpointAnnotation, PublishedPort> portOf)
{
    internal async Task<PublishedText> ReadAsync(object? value, CancellationToken cancellationToken) => value switch
    {
        null => PublishedText.Empty,
        string text => PublishedText.Of(text),
        bool flag => PublishedText.Of(flag ? "true" : "false"),
        ParameterResource parameter => new PublishedText([new PublishedPart.Parameter(parameter, IsUri: false)]),
        ConnectionStringReference reference => await ReadAsync(reference.Resource, cancellationToken),
        IResourceWithConnectionString resource => await ReadAsync(resource.ConnectionStringExpression, cancellationToken),
        EndpointReference endpoint => Address(endpoint, EndpointProperty.Url),
        EndpointReferenceExpression part => Address(part.Endpoint, part.Property),
        ReferenceExpression expression => await ReadExpressionAsync(expression, cancellationToken),
        IValueProvider provider => PublishedText.Of(await provider.GetValueAsync(cancellationToken) ?? ""),
        _ => PublishedText.Of(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
    };

    private async Task<PublishedText> ReadExpressionAsync(ReferenceExpression expression, CancellationToken cancellationToken)
    {
        if (expression.IsConditional)
        {
            var actual = (await ReadAsync(expression.Condition, cancellationToken)).Parts is [PublishedPart.Text known] ? known.Value : "";
            return await ReadAsync(string.Equals(actual, expression.MatchValue, StringComparison.OrdinalIgnoreCase) ? expression.WhenTrue : expression.WhenFalse, cancellationToken);
        }
        var pieces = new List<PublishedText>();
        foreach (Match piece in Pieces().Matches(expression.Format))
        {
            if (!piece.Groups["hole"].Success)
            {
                pieces.Add(PublishedText.Of(piece.Value.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal)));
                continue;
            }
            var index = int.Parse(piece.Groups["hole"].Value, CultureInfo.InvariantCulture);
            var text = await ReadAsync(expression.ValueProviders[index], cancellationToken);
            pieces.Add(expression.StringFormats[index] == "uri" ? text.PercentEncoded() : text);
        }
        return PublishedText.Join(pieces);
    }

    private PublishedText Address(EndpointReference endpoint, EndpointProperty property)
    {
        PublishedPart host = new PublishedPart.Host(endpoint.Resource);
        var port = Port(endpoint);
        return property switch
        {
            EndpointProperty.Url => new([new PublishedPart.Text($"{endpoint.Scheme}://"), host, new PublishedPart.Text(":"), port]),
            EndpointProperty.Host or EndpointProperty.IPV4Host => new([host]),
            EndpointProperty.Port or EndpointProperty.TargetPort => new([port]),
            EndpointProperty.HostAndPort => new([host, new PublishedPart.Text(":"), port]),
            EndpointProperty.Scheme => PublishedText.Of(endpoint.Scheme),
            EndpointProperty.TlsEnabled => PublishedText.Of(endpoint.TlsEnabled.ToString()),
            _ => throw new InvalidOperationException($"'{property}' is no part of an address."),
        };
    }

    // Inside a deployment others come to the port that the container listens on: nothing stands between.
    private PublishedPart Port(EndpointReference endpoint) => portOf(endpoint.Resource, endpoint.EndpointAnnotation).Target is { } target
        ? new PublishedPart.Text(target.ToString(CultureInfo.InvariantCulture))
        : new PublishedPart.Port(endpoint.Resource);

    [GeneratedRegex(@"(?<!\{)\{(?<hole>\d+)\}(?!\})|(?:[^{}]|\{\{|\}\})+")]
    private static partial Regex Pieces();
}
