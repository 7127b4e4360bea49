using System.Net;
using Microsoft.Extensions.Options;
using Stack.Checks;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Verification;

/// <summary>Makes the checks of claims on the orchestrator's own machine, in a clean clone, and keeps what they found. What the agent left on its machine, and what it says, plays no part.</summary>
internal sealed partial class GitClaimVerifier(
    CleanClone clone, VerificationPlaces places, ModelJudge judge, EvidenceBook book, IOptions<EngineOptions> options, TimeProvider time, ILogger<GitClaimVerifier> logger) : IClaimVerifier, IDisposable
{
    private const int LongestDetails = 8_000;

    // Programs under check are on this machine: no proxy, and a redirect is an answer.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.All, UseCookies = false });

    public async Task<VerificationOutcome> VerifyAsync(ClaimToVerify claim, Action<string> progress, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        try
        {
            var checks = await CheckAsync(claim, progress, cancellationToken);
            var verified = checks.TrueForAll(check => check.Passed);
            var evidence = await book.KeepAsync(
                new VerificationRecord
                {
                    WorkflowId = claim.TaskId.WorkflowId,
                    Stage = claim.TaskId.Stage,
                    Attempt = claim.TaskId.Attempt,
                    ClaimedBy = claim.Claim.AgentId,
                    Commit = CommitOf(claim),
                    BaseCommit = claim.Claim.Base,
                    VerifiedBy = options.Value.NodeName,
                    StartedAt = started,
                    FinishedAt = time.GetUtcNow(),
                    Verified = verified,
                    Checks = checks,
                },
                cancellationToken);
            return verified ? new VerificationOutcome.Holds(evidence) : new VerificationOutcome.Refuted(ErrorOf(checks), evidence);
        }
        catch (CheckTroubleException trouble)
        {
            LogTrouble(claim.TaskId.WorkflowId, claim.TaskId.Stage, claim.TaskId.Attempt, trouble);
            return new VerificationOutcome.Unable(trouble.Error);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<List<CheckEvidence>> CheckAsync(ClaimToVerify claim, Action<string> progress, CancellationToken cancellationToken)
    {
        await using var place = places.Open();
        var (id, commit) = (claim.TaskId.WorkflowId, CommitOf(claim));
        if (commit is null)
        {
            Directory.CreateDirectory(place.Workspace);
        }
        else
        {
            await clone.MakeAsync(id, commit, place.Workspace, cancellationToken);
        }

        var runner = new CheckRunner(new CheckGround
        {
            Workspace = place.Workspace,
            Scratch = place.Folder,
            Processes = place.Processes,
            Http = _http,
            Time = time,
            Changes = token => commit is null ? Task.FromResult<IReadOnlyList<FileChange>>([]) : clone.ChangesAsync(id, claim.Claim.Base, commit, token),
            Judge = async (check, token) => await judge.AskAsync(check, claim, commit is null ? "" : await clone.DiffAsync(id, claim.Claim.Base, commit, ModelJudge.LongestDiff, token), token),
        });
        var found = new Dictionary<int, CheckEvidence>();
        foreach (var (index, check) in claim.Stage.Accept.Index().OrderBy(pair => CheckRunner.OnlyLooks(pair.Item) ? 0 : 1))
        {
            progress($"check {found.Count + 1} of {claim.Stage.Accept.Count}: {check.Title}");
            found.Add(index, await runner.RunAsync(check, cancellationToken));
        }

        return [.. found.OrderBy(pair => pair.Key).Select(pair => pair.Value)];
    }

    // A stage that pushed nothing is judged by what counted before it.
    private static string? CommitOf(ClaimToVerify claim) => claim.Stage.Workspace ? claim.Claim.Commit ?? claim.Claim.Base : claim.Claim.Commit;

    private static StructuredError ErrorOf(List<CheckEvidence> checks)
    {
        var failed = checks.Where(check => !check.Passed).ToList();
        var details = string.Join("\n\n", failed.Select(check => $"{check.Name} ({check.Type})\nexpected: {check.Expected}\nfound: {check.Actual}{(check.OutputTail is null ? "" : $"\noutput:\n{check.OutputTail}")}"));
        return new StructuredError
        {
            Code = "not_verified",
            Category = ErrorCategory.Validation,
            Class = FailureClass.Unproductive,
            Retryable = true,
            Message = $"Not verified: {failed.Count} of {checks.Count} {(checks.Count == 1 ? "check" : "checks")} did not pass. {failed[0].Name}: {failed[0].Actual}.",
            SuggestedAction = "The agent claimed to be done, and it is not. See the evidence; correct the work, or the stage's 'accept'.",
            Details = details.Length > LongestDetails ? $"{details[..LongestDetails]}…" : details,
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {WorkflowId} stage {Stage} attempt {Attempt}: a check could not be made")]
    private partial void LogTrouble(WorkflowId workflowId, string stage, int attempt, Exception exception);
}
