namespace Stack.Orchestrator.Api.Problems;

/// <summary>Routes of somebody else's protocol answer errors in its shape, also those that are found before their handlers: a missing key, a body that is too large, an exception.</summary>
/// <param name="WriteAsync">Writes an error: the request, its status, what is wrong.</param>
internal sealed record ErrorShape(Func<HttpContext, int, string, Task> WriteAsync);
