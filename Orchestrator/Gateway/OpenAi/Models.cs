using Stack.Contracts;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary><c>GET /v1/models</c>: the models, then the aliases.</summary>
internal static class Models
{
    public static async Task<IResult> ListAsync(ProviderDirectory directory, CancellationToken cancellationToken) =>
        TypedResults.Json(new ModelList("list", await AllAsync(directory, cancellationToken)), StackJson.Options);

    public static async Task<IResult> ShowAsync(string model, ProviderDirectory directory, CancellationToken cancellationToken) =>
        (await AllAsync(directory, cancellationToken)).FirstOrDefault(known => known.Id == model) is { } found
            ? TypedResults.Json(found, StackJson.Options)
            : OpenAiErrors.Refuse(StatusCodes.Status404NotFound, $"The model '{model}' does not exist. GET /v1/models lists the models.", "model", "model_not_found");

    private static async Task<IReadOnlyList<OpenAiModel>> AllAsync(ProviderDirectory directory, CancellationToken cancellationToken) =>
    [
        .. (await directory.ListAsync(cancellationToken)).Select(link => new OpenAiModel(link.Model.Name, "model", link.Found?.ModifiedAt?.ToUnixTimeSeconds() ?? 0, link.Provider.Entry.Name)),
        .. directory.Configuration.Aliases.Keys.Order(StringComparer.Ordinal).Select(alias => new OpenAiModel(alias, "model", 0, "alias")),
    ];
}
