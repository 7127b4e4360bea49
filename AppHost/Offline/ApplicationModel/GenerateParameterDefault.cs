using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A random value, for example a password.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string LowerLetters = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperLetters = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string Specials = "-_.{}~()*+!";

    /// <summary>The least length, in characters.</summary>
    public int MinLength { get; set; }

    /// <summary>Whether lower-case letters may occur.</summary>
    /// <value>Default true.</value>
    public bool Lower { get; set; } = true;

    /// <summary>Whether upper-case letters may occur.</summary>
    /// <value>Default true.</value>
    public bool Upper { get; set; } = true;

    /// <summary>Whether digits may occur.</summary>
    /// <value>Default true.</value>
    public bool Numeric { get; set; } = true;

    /// <summary>Whether punctuation may occur.</summary>
    /// <value>Default true.</value>
    public bool Special { get; set; } = true;

    /// <summary>The least number of lower-case letters.</summary>
    public int MinLower { get; set; }

    /// <summary>The least number of upper-case letters.</summary>
    public int MinUpper { get; set; }

    /// <summary>The least number of digits.</summary>
    public int MinNumeric { get; set; }

    /// <summary>The least number of punctuation characters.</summary>
    public int MinSpecial { get; set; }

    /// <inheritdoc/>
    public override string GetDefaultValue()
    {
        (bool Allowed, int Minimum, string Letters)[] classes =
            [(Lower, MinLower, LowerLetters), (Upper, MinUpper, UpperLetters), (Numeric, MinNumeric, Digits), (Special, MinSpecial, Specials)];
        var alphabet = string.Concat(classes.Where(one => one.Allowed).Select(one => one.Letters));
        if (alphabet.Length == 0)
        {
            throw new InvalidOperationException("A generated parameter needs at least one of Lower, Upper, Numeric and Special.");
        }
        var characters = new List<char>(MinLength);
        foreach (var one in classes.Where(one => one.Allowed))
        {
            characters.AddRange(RandomNumberGenerator.GetItems<char>(one.Letters, one.Minimum));
        }
        characters.AddRange(RandomNumberGenerator.GetItems<char>(alphabet, Math.Max(0, MinLength - characters.Count)));
        var result = characters.ToArray();
        RandomNumberGenerator.Shuffle(result.AsSpan());
        return new string(result);
    }
}
