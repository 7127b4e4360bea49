using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenTelemetry;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>Names the spans of requests for people: the method and the path, with a mark in the place of what is different in every request. ASP.NET Core names them all alike.</summary>
internal sealed partial class RequestSpanNames : BaseProcessor<Activity>
{
    private const string OperationOfRequests = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    public override void OnEnd(Activity data)
    {
        if (data.OperationName == OperationOfRequests && data.DisplayName == OperationOfRequests && data.GetTagItem("http.request.method") is string method)
        {
            var path = (data.GetTagItem("http.route") ?? data.GetTagItem("url.path")) as string ?? "";
            data.DisplayName = $"{method} {Identifier().Replace(path, "*")}".TrimEnd();
        }
    }

    // A segment with a run of eight or more digits and letters a to f: ids and hashes, alone or with a name around them.
    [GeneratedRegex("(?<=/)[^/]*[0-9a-f]{8}[^/]*", RegexOptions.IgnoreCase)]
    private static partial Regex Identifier();
}
