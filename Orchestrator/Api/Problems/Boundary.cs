using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Problems;

/// <summary>The outermost step of every request: gives it an id, and turns what went wrong, wherever, into a problem.</summary>
internal sealed partial class Boundary(RequestDelegate next, ILogger<Boundary> logger)
{
    private const string RequestId = "X-Request-Id";

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers[RequestId] = IdOf(context.Request);
        Problem? problem;
        try
        {
            await next(context);
            problem = context.Response.HasStarted ? null : Unanswered(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; nobody reads an answer.
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            problem = Translate(context, failure);
            context.Response.Clear();
            context.Response.Headers[RequestId] = IdOf(context.Request);
        }

        if (problem is not null)
        {
            await problem.ExecuteAsync(context);
        }
    }

    private Problem Translate(HttpContext context, Exception failure)
    {
        switch (failure)
        {
            case BadHttpRequestException bad:
                return Describe(context, bad);
            case JsonException json:
                return JsonFailures.Describe(json, BodyType(context));
            case NotSupportedException untold when JsonFailures.DescribeUntold(untold) is { } problem:
                return problem;
            case InvalidDataException when context.Request.Headers.ContentEncoding.Count > 0:
                return Problem.Of(ProblemTypes.MalformedBody, "The body cannot be decompressed.", "Check its Content-Encoding.");
            case StoreUnavailableException unavailable:
                LogUnavailable(unavailable);
                return Problem.Later(ProblemTypes.Unavailable, "The database does not answer. Nothing is lost; try again.", TimeSpan.FromSeconds(2));
            case DeadLettersUnavailableException unavailable:
                return Problem.Later(ProblemTypes.Unavailable, unavailable.Message, TimeSpan.FromSeconds(2));
            case GitMissingException missing:
                return Problem.Later(ProblemTypes.Unavailable, missing.Message, TimeSpan.FromMinutes(1));
            case OperationCanceledException:
                return Problem.Later(ProblemTypes.Unavailable, "The orchestrator stops or restarts.", TimeSpan.FromSeconds(2));
            default:
                LogUnexpected(context.Request.Method, context.Request.Path, failure);
                return Problem.Of(ProblemTypes.Internal, "The request failed because of a defect.", "The orchestrator's log has it under the trace id of this answer.");
        }
    }

    private static Problem Describe(HttpContext context, BadHttpRequestException bad)
    {
        if (bad.InnerException is JsonException json)
        {
            return JsonFailures.Describe(json, BodyType(context));
        }

        return bad.StatusCode switch
        {
            StatusCodes.Status413PayloadTooLarge => TooLarge(context),
            StatusCodes.Status415UnsupportedMediaType => WrongMediaType(context),
            _ when bad.Message.StartsWith("Implicit body", StringComparison.Ordinal) || bad.Message.Contains("was not provided from body", StringComparison.Ordinal) =>
                Problem.Of(ProblemTypes.InvalidRequest, "The request has no body.", "Send a JSON object."),
            _ => Problem.Of(ProblemTypes.InvalidRequest, bad.StatusCode, bad.Message),
        };
    }

    /// <summary>The problem of an answer that has a status of an error but nothing to say.</summary>
    private static Problem? Unanswered(HttpContext context)
    {
        var response = context.Response;
        if (response.StatusCode < 400 || response.ContentType is not null || response.ContentLength > 0)
        {
            return null;
        }

        var request = context.Request;
        return response.StatusCode switch
        {
            404 => Problem.Of(ProblemTypes.NotFound, $"There is no route {request.Method} {Shorten(request.Path)}.", "The routes are listed at /openapi/v1.json."),
            405 => Problem.Of(ProblemTypes.InvalidRequest, 405, $"{request.Method} is not possible for {Shorten(request.Path)}.", $"Use {response.Headers.Allow}."),
            // Routing found a route for the path and none for the media type, and does not say what it would have taken.
            415 => WrongMediaType(context),
            413 => TooLarge(context),
            var status => Problem.Of(status >= 500 ? ProblemTypes.Internal : ProblemTypes.InvalidRequest, status, "The request was refused."),
        };
    }

    private static Problem WrongMediaType(HttpContext context)
    {
        var accepted = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes ?? ["application/json", "application/yaml for definitions"];
        var given = context.Request.ContentType is { Length: > 0 } type ? $"'{Shorten(type)}'" : "missing";
        return Problem.Of(ProblemTypes.InvalidRequest, 415, $"The Content-Type is {given}.", $"Send {string.Join(" or ", accepted)}.");
    }

    internal static Problem TooLarge(HttpContext context)
    {
        var limit = context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize
            ?? context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        return Problem.Of(
            ProblemTypes.BodyTooLarge,
            string.Create(CultureInfo.InvariantCulture, $"The body is larger than {limit} bytes, the limit of this route."),
            "Send less; large files belong into the workflow's repository.");
    }

    private static Type? BodyType(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;

    private static string IdOf(HttpRequest request)
    {
        var given = request.Headers[RequestId].ToString();
        return given.Length is > 0 and <= 128 && given.All(c => c is > ' ' and < (char)127) ? given : Activity.Current?.TraceId.ToString() ?? request.HttpContext.TraceIdentifier;
    }

    private static string Shorten(string? text) => text is { Length: > 200 } ? text[..200] + "…" : text ?? "";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer.")]
    private partial void LogUnavailable(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed.")]
    private partial void LogUnexpected(string method, string path, Exception exception);
}
