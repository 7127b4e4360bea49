using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The name of a conditional value in a manifest: <c>cond-</c>, what the condition is, and a hash of all it consists of.</summary>
internal static class ConditionalNames
{
    internal static string Of(IValueProvider condition, string matchValue, ReferenceExpression whenTrue, ReferenceExpression whenFalse)
    {
        var expression = (condition as IManifestExpressionProvider)?.ValueExpression;
        var words = expression is null ? "" : Words(expression);
        var hashed = (expression ?? condition.GetType().Name) + whenTrue.ValueExpression + whenFalse.ValueExpression + matchValue;
        return $"cond-{(words.Length > 0 ? words : "expr")}-{XxHash32.Hash(Encoding.UTF8.GetBytes(hashed)):x8}";
    }

    private static string Words(string expression)
    {
        var words = new StringBuilder(expression.Length);
        foreach (var letter in expression)
        {
            if (char.IsLetterOrDigit(letter))
            {
                words.Append(char.ToLowerInvariant(letter));
            }
            else if (words.Length > 0 && words[^1] != '-')
            {
                words.Append('-');
            }
        }
        return words.ToString().TrimEnd('-');
    }
}
