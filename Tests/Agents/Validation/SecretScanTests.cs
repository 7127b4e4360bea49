using Stack.Agents.Validation;

namespace Stack.Tests.Agents.Validation;

public sealed class SecretScanTests
{
    [Theory]
    [InlineData("""var password = "hunter2hunter2";""", "x:1: 'password' has a value")]
    [InlineData("""  "ApiKey": "9f8e7d6c5b4a3210" """, "x:1: 'ApiKey' has a value")]
    [InlineData("client_secret: 'abcdefgh12345678'", "x:1: 'client_secret' has a value")]
    [InlineData("AKIAABCDEFGHIJKLMNOP", "x:1: an AWS access key")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----", "x:1: a private key")]
    public void SecretsIn_Secret_IsNamedByPlaceWithoutItsValue(string line, string expected) => Assert.Equal([expected], SecretScan.SecretsIn(line, "x"));

    [Fact]
    public void SecretsIn_TokensOfServices_AreFound()
    {
        // Put together here, so that no scanner takes this file for a leak.
        var text = $"{"ghp_"}{new string('a', 36)}\n{"sk-"}{new string('b', 40)}\n{"xoxb-"}1234567890-abc";

        Assert.Equal(["x:1: a GitHub token", "x:2: an API key of a model provider", "x:3: a Slack token"], SecretScan.SecretsIn(text, "x"));
    }

    [Theory]
    [InlineData("""var password = Environment.GetEnvironmentVariable("PASSWORD");""")]
    [InlineData("""password = "change-me-please" """)]
    [InlineData("""ApiKey: "<your key here>" """)]
    [InlineData("""secret = "${SECRET_FROM_ENV}" """)]
    [InlineData("""token = "short" """)]
    [InlineData("Assert.Equal(\"the password is missing\", message);")]
    public void SecretsIn_NoSecret_FindsNothing(string line) => Assert.Empty(SecretScan.SecretsIn(line, "x"));
}
