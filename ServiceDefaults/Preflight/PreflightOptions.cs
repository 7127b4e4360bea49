using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>
/// How a service waits for what it depends on. Section <c>Preflight</c>; the older variables <c>STARTUP_DEPENDENCY_CHECK</c> (Enabled),
/// <c>STARTUP_TIMEOUT_SECONDS</c> (Timeout) and <c>STARTUP_FAIL_FAST</c> (FailFast) are understood and give way to the section.
/// </summary>
public sealed class PreflightOptions
{
    internal const string Section = "Preflight";

    /// <summary>Whether dependencies are checked at all. When off, readiness does not depend on them.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>How long a dependency may take before the failure is reported: with <see cref="FailFast"/> the process ends, without it goes on waiting.</summary>
    /// <value>The default is 30 seconds.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the process ends with exit code 1 when a dependency does not answer within <see cref="Timeout"/>. Switch it on where a supervisor restarts
    /// the process or a person should see the failure at once; without it the service stays up, not ready, and begins when the dependency appears.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool FailFast { get; set; }

    /// <summary>How long one attempt at one dependency may take.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause between two attempts. The first pause is a tenth of it, each further one twice the one before.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The pause after attempt number <paramref name="attempt"/>, counted from 1.</summary>
    internal TimeSpan PauseAfter(int attempt)
        => TimeSpan.FromTicks(Math.Min(Interval.Ticks, Interval.Ticks / 10 * (1L << Math.Min(attempt - 1, 8))));

    internal void Read(IConfiguration configuration)
    {
        Enabled = Flag(configuration, "STARTUP_DEPENDENCY_CHECK") ?? Enabled;
        FailFast = Flag(configuration, "STARTUP_FAIL_FAST") ?? FailFast;
        if (configuration["STARTUP_TIMEOUT_SECONDS"] is { Length: > 0 } seconds)
        {
            Timeout = double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 86_400
                ? TimeSpan.FromSeconds(value)
                : throw Refuse($"STARTUP_TIMEOUT_SECONDS is '{seconds}'; give the seconds as a number above 0, for example 30.");
        }

        configuration.GetSection(Section).Bind(this);
    }

    internal static IEnumerable<string> Refusals(PreflightOptions options)
    {
        if (options.Timeout <= TimeSpan.Zero)
        {
            yield return $"Preflight:Timeout is {options.Timeout}; give a duration above zero, for example 00:00:30.";
        }

        if (options.AttemptTimeout <= TimeSpan.Zero)
        {
            yield return $"Preflight:AttemptTimeout is {options.AttemptTimeout}; give a duration above zero, for example 00:00:02.";
        }

        if (options.Interval <= TimeSpan.Zero)
        {
            yield return $"Preflight:Interval is {options.Interval}; give a duration above zero, for example 00:00:02.";
        }
    }

    private static bool? Flag(IConfiguration configuration, string name) => configuration[name]?.Trim().ToLowerInvariant() switch
    {
        null or "" => null,
        "true" or "1" or "yes" or "on" => true,
        "false" or "0" or "no" or "off" => false,
        var other => throw Refuse($"{name} is '{other}'; use true or false."),
    };

    private static OptionsValidationException Refuse(string failure) => new(Section, typeof(PreflightOptions), [failure]);
}
