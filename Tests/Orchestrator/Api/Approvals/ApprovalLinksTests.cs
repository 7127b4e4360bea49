using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Approvals;

[Collection(OrchestratorCollection.Name)]
public sealed class ApprovalLinksTests(OrchestratorFixture fixture)
{
    private HttpClient Client => fixture.Host.Client;

    [Fact]
    public async Task Link_OpenedAnyNumberOfTimes_ShowsTheEffectAndDecidesNothing()
    {
        var (asked, link) = await LinkAsync("""{"kind":"tool_call","command":"echo <script>alert(1)</script>"}""");
        for (var opened = 0; opened < 3; opened++)
        {
            using var page = await Client.GetAsync(link);
            var html = await page.Content.ReadAsStringAsync();
            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
            Assert.Contains(asked.EffectHash, html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
            Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
            Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
            Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }

        using var head = await Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, link));
        Assert.Equal(ApprovalStatus.Open, (await Inbox.ShowAsync(Client, asked.Id)).Status);
    }

    [Fact]
    public async Task Link_UsedTwice_DecidesOnce()
    {
        var (asked, link) = await LinkAsync("""{"kind":"tool_call","command":"ls"}""");
        Assert.Equal(HttpStatusCode.OK, await PostAsync(link, "approve", asked.EffectHash));
        var decided = await Inbox.ShowAsync(Client, asked.Id);
        Assert.Equal((ApprovalStatus.Approved, "local (link)", "by mail"), (decided.Status, decided.Decision!.DecidedBy, decided.Decision.Comment));

        // The double click is told the same; the change of mind is not possible.
        Assert.Equal(HttpStatusCode.OK, await PostAsync(link, "approve", asked.EffectHash));
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(link, "reject", asked.EffectHash));
        Assert.Equal(decided.Decision.DecidedAt, (await Inbox.ShowAsync(Client, asked.Id)).Decision!.DecidedAt);
    }

    [Fact]
    public async Task Link_StaleHashOrNoDecision_DecidesNothing()
    {
        var (asked, link) = await LinkAsync("""{"kind":"tool_call","command":"ls"}""");
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(link, "approve", new string('0', 64)));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(link, "perhaps", asked.EffectHash));
        Assert.Equal(ApprovalStatus.Open, (await Inbox.ShowAsync(Client, asked.Id)).Status);
    }

    [Fact]
    public async Task Link_WrongTokenOrAnotherQuestion_LeadsNowhere()
    {
        var (asked, link) = await LinkAsync("""{"kind":"tool_call","command":"ls"}""");
        var (other, _) = await LinkAsync("""{"kind":"tool_call","command":"ls"}""");
        foreach (var wrong in new[] { link.PathAndQuery[..^1] + (link.PathAndQuery[^1] == '0' ? '1' : '0'), link.PathAndQuery.Replace(asked.Id.ToString(), other.Id.ToString(), StringComparison.Ordinal), $"/approve/{asked.Id}" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await Client.GetAsync(wrong)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, await PostAsync(new Uri(wrong, UriKind.Relative), "approve", asked.EffectHash));
        }
    }

    [Fact]
    public async Task Link_Expired_IsGone_AndTheQuestionStays()
    {
        var (asked, link) = await LinkAsync("""{"kind":"tool_call","command":"ls"}""", "1s");
        await Eventually.TrueAsync(async () => (await Client.GetAsync(link)).StatusCode == HttpStatusCode.Gone, () => "The link never expired.", TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.Gone, await PostAsync(link, "approve", asked.EffectHash));
        Assert.Equal(ApprovalStatus.Open, (await Inbox.ShowAsync(Client, asked.Id)).Status);
    }

    private async Task<HttpStatusCode> PostAsync(Uri link, string decision, string hash)
    {
        using var form = new FormUrlEncodedContent([new("decision", decision), new("expected_hash", hash), new("comment", "by mail")]);
        using var answer = await Client.PostAsync(link, form);
        return answer.StatusCode;
    }

    private async Task<(ApprovalResource Asked, Uri Link)> LinkAsync(string effect, string? expires = null)
    {
        var definition = await fixture.Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(fixture.Host, definition);
        var (_, asked) = await Inbox.AskAsync(fixture.Host, agent, definition, effect);
        var body = expires is null ? "{}" : $$"""{"expires_after":"{{expires}}"}""";
        var link = await Client.PostAsync($"/api/v1/approvals/{asked.Id}/links", Answers.Json(body)).ValueAsync<ApprovalLinkResource>(HttpStatusCode.Created);
        return (asked, link.Url);
    }
}
