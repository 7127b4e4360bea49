using System.Diagnostics;
using System.Text.Json;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway;

/// <summary>The official clients of OpenAI and Ollama for Node against the gateway, with a scripted Ollama behind it.</summary>
public sealed class NpmClientsTests
{
    [NpmFact]
    public async Task OpenAi_EveryCall_Works()
    {
        await using var ollama = await ScriptAsync();
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var seen = await RunAsync(host, """
            import OpenAI from 'openai';
            const client = new OpenAI({ baseURL: process.argv[2] + '/v1', apiKey: 'none', maxRetries: 0 });
            const seen = {};
            const messages = [{ role: 'user', content: 'Hello' }];
            seen.models = (await client.models.list()).data.map(model => model.id);
            seen.model = (await client.models.retrieve('builtin')).owned_by;
            seen.chat = (await client.chat.completions.create({ model: 'tiny', messages })).choices[0].message.content;
            const helper = client.chat.completions.stream({ model: 'tiny', messages, stream_options: { include_usage: true } });
            const final = await helper.finalChatCompletion();
            seen.streamed = final.choices[0].message.content; seen.reason = final.choices[0].finish_reason; seen.usage = final.usage.total_tokens;
            const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: { a: { type: 'number' } } } } }];
            seen.call = (await client.chat.completions.create({ model: 'tiny', messages, tools })).choices[0].message.tool_calls[0].function;
            seen.callStreamed = (await client.chat.completions.stream({ model: 'tiny', messages, tools }).finalChatCompletion()).choices[0].message.tool_calls[0].function.arguments;
            seen.json = JSON.parse((await client.chat.completions.create({ model: 'tiny', messages, response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } } })).choices[0].message.content);
            seen.vector = (await client.embeddings.create({ model: 'tiny', input: 'a' })).data[0].embedding;
            const response = await client.responses.create({ model: 'tiny', input: 'Hello' });
            seen.response = response.output_text;
            seen.next = (await client.responses.create({ model: 'tiny', input: 'And?', previous_response_id: response.id })).status;
            seen.items = (await client.responses.inputItems.list(response.id)).data.length;
            const stream = client.responses.stream({ model: 'tiny', input: 'Hello' });
            seen.events = []; for await (const event of stream) seen.events.push(event.type);
            seen.responseStreamed = (await stream.finalResponse()).output_text;
            let background = await client.responses.create({ model: 'slow', input: 'Hello', background: true });
            seen.background = background.status;
            seen.canceled = (await client.responses.cancel(background.id)).status;
            background = await client.responses.create({ model: 'tiny', input: 'Hello', background: true });
            while (['queued', 'in_progress'].includes(background.status)) background = await client.responses.retrieve(background.id);
            seen.backgroundText = background.output_text;
            await client.responses.delete(background.id);
            seen.deleted = await client.responses.retrieve(background.id).catch(error => error.status);
            seen.missing = await client.chat.completions.create({ model: 'none', messages }).catch(error => [error.constructor.name, error.status, error.code]);
            seen.cut = await (async () => { for await (const _ of await client.chat.completions.create({ model: 'cut', messages, stream: true })) { } })().catch(error => error.constructor.name);
            console.log(JSON.stringify(seen));
            """);

        Assert.Contains("builtin", seen.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal("builtin", Text("model"));
        Assert.Equal(("Hi there.", "Hi there.", "stop"), (Text("chat"), Text("streamed"), Text("reason")));
        Assert.Equal(25, seen.GetProperty("usage").GetInt32());
        Assert.Equal("add", seen.GetProperty("call").GetProperty("name").GetString());
        Assert.Equal("""{"a":1}""", Text("callStreamed"));
        Assert.Equal(1, seen.GetProperty("json").GetProperty("a").GetInt32());
        Assert.Equal([0.5f, 1f], seen.GetProperty("vector").EnumerateArray().Select(number => number.GetSingle()));
        Assert.Equal(("Hi there.", "completed", "Hi there."), (Text("response"), Text("next"), Text("responseStreamed")));
        Assert.Equal(1, seen.GetProperty("items").GetInt32());
        Assert.Equal(["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta"], seen.GetProperty("events").EnumerateArray().Take(5).Select(name => name.GetString()));
        Assert.Equal("response.completed", seen.GetProperty("events").EnumerateArray().Last().GetString());
        Assert.Contains(Text("background"), (string[])["queued", "in_progress"]);
        // Their word has two l.
        Assert.Equal("cancel" + "led", Text("canceled"));
        Assert.Equal("Hi there.", Text("backgroundText"));
        Assert.Equal(404, seen.GetProperty("deleted").GetInt32());
        Assert.Equal("""["NotFoundError",404,"model_not_found"]""", seen.GetProperty("missing").GetRawText());
        Assert.Equal("APIError", Text("cut"));

        string? Text(string name) => seen.GetProperty(name).GetString();
    }

    [NpmFact]
    public async Task Ollama_EveryCall_Works()
    {
        await using var ollama = await ScriptAsync();
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var seen = await RunAsync(host, """
            import { Ollama } from 'ollama';
            const client = new Ollama({ host: process.argv[2] });
            const seen = {};
            const messages = [{ role: 'user', content: 'Hello' }];
            const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: { a: { type: 'number' } } } } }];
            seen.models = (await client.list()).models.map(model => model.name);
            seen.context = (await client.show({ model: 'tiny' })).model_info['gateway.context_length'];
            seen.chat = (await client.chat({ model: 'tiny', messages })).message.content;
            seen.streamed = ''; for await (const part of await client.chat({ model: 'tiny', messages, stream: true })) { seen.streamed += part.message.content; seen.done = part.done; seen.tokens = part.prompt_eval_count; }
            seen.call = (await client.chat({ model: 'tiny', messages, tools })).message.tool_calls[0].function;
            seen.generated = (await client.generate({ model: 'tiny', prompt: 'Hello' })).response;
            seen.generatedStream = ''; for await (const part of await client.generate({ model: 'tiny', prompt: 'Hello', stream: true })) seen.generatedStream += part.response;
            seen.vectors = (await client.embed({ model: 'tiny', input: 'a' })).embeddings;
            seen.vector = (await client.embeddings({ model: 'tiny', prompt: 'a' })).embedding;
            seen.pulled = []; for await (const part of await client.pull({ model: 'tiny', stream: true })) seen.pulled.push(part.status);
            seen.running = (await client.ps()).models.length;
            seen.version = (await client.version()).version;
            seen.missing = await client.chat({ model: 'none', messages }).catch(error => error.status_code);
            seen.cut = await (async () => { for await (const _ of await client.chat({ model: 'cut', messages, stream: true })) { } })().catch(error => error.message);
            console.log(JSON.stringify(seen));
            """);

        Assert.Contains("tiny:latest", seen.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal(8192, seen.GetProperty("context").GetInt32());
        Assert.Equal(("Hi there.", "Hi there.", "Hi there.", "Hi there."), (Text("chat"), Text("streamed"), Text("generated"), Text("generatedStream")));
        Assert.True(seen.GetProperty("done").GetBoolean());
        Assert.Equal(20, seen.GetProperty("tokens").GetInt32());
        Assert.Equal("""{"name":"add","arguments":{"a":1}}""", seen.GetProperty("call").GetRawText());
        Assert.Equal("[[0.5,1]]", seen.GetProperty("vectors").GetRawText());
        Assert.Equal("[0.5,1]", seen.GetProperty("vector").GetRawText());
        Assert.Equal("""["pulling","success"]""", seen.GetProperty("pulled").GetRawText());
        Assert.Equal(404, seen.GetProperty("missing").GetInt32());
        Assert.Contains("broke off in the middle", Text("cut"), StringComparison.Ordinal);

        string? Text(string name) => seen.GetProperty(name).GetString();
    }

    private static async Task<ScriptedProvider> ScriptAsync()
    {
        var ollama = await StartOllamaAsync(capabilities: ["completion", "tools"]);
        ollama.Always("/api/tags", Json("""{"models":[{"name":"tiny:latest"},{"name":"slow:latest"},{"name":"cut:latest"}]}"""));
        ollama.Always("/api/embed", Json("""{"embeddings":[[0.5,1]],"prompt_eval_count":4}"""));
        ollama.Always("/api/pull", Lines(["""{"status":"pulling","total":10,"completed":5}""", """{"status":"success"}"""]));
        ollama.Always("/api/chat", (context, body) => (body.GetProperty("model").GetString() switch
        {
            "slow:latest" => Lines([], "hang"),
            "cut:latest" => Lines(["""{"message":{"role":"assistant","content":"Half of"},"done":false}"""]),
            _ when body.TryGetProperty("tools", out _) => Lines([
                """{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"add","arguments":{"a":1} } }]},"done":false}""",
                """{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":20,"eval_count":5}"""]),
            _ when body.TryGetProperty("format", out _) => OllamaText("""{"a":1}"""),
            _ => OllamaText("Hi there."),
        })(context, body));
        return ollama;
    }

    private static async Task<JsonElement> RunAsync(GatewayHost host, string script)
    {
        var file = Path.Combine(NpmFactAttribute.Folder, $"{Guid.NewGuid():n}.mjs");
        await File.WriteAllTextAsync(file, script);
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var node = Process.Start(new ProcessStartInfo("node", [file, host.Client.BaseAddress!.ToString().TrimEnd('/')]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                var output = node.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = node.StandardError.ReadToEndAsync(limit.Token);
                await node.WaitForExitAsync(limit.Token);
                Assert.True(node.ExitCode == 0, await errors);
                return JsonDocument.Parse(await output).RootElement;
            }
            finally
            {
                if (!node.HasExited)
                {
                    node.Kill(entireProcessTree: true);
                }
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}

/// <summary>A test that drives npm packages; skipped, with the remedy, where they cannot be installed. They are kept in the temporary folder, beside the repository.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NpmFactAttribute : FactAttribute
{
    private static readonly string[] s_packages = ["openai@6.49.0", "ollama@0.6.4"];
    private static readonly Lazy<string?> s_problem = new(Install);

    public NpmFactAttribute() => Skip = s_problem.Value;

    public static string Folder { get; } = Path.Combine(Path.GetTempPath(), "stack-test-npm-1");

    private static string? Install()
    {
        if (File.Exists(Path.Combine(Folder, "done")))
        {
            return null;
        }

        try
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(Path.Combine(Folder, "package.json"), """{"name":"stack-test-npm","private":true}""");
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", .. s_packages])
            {
                WorkingDirectory = Folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var output = npm.StandardOutput.ReadToEndAsync();
            var errors = npm.StandardError.ReadToEndAsync();
            if (!npm.WaitForExit(TimeSpan.FromSeconds(90)) || npm.ExitCode != 0)
            {
                npm.Kill(entireProcessTree: true);
                return $"npm install {string.Join(' ', s_packages)} did not succeed: give npm a registry";
            }

            File.WriteAllText(Path.Combine(Folder, "done"), "");
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "npm is not installed: apt-get install nodejs npm";
        }
    }
}
