using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>OTLP's AnyValue: a text, a number, or an array or list of such, nested at most 16 deep.</summary>
internal static class ProtoValue
{
    private const int Deepest = 16;
    private const long LargestExact = 1L << 53;

    /// <summary>Walks through a value, so that what is kept of it can be read later.</summary>
    internal static void Check(ReadOnlySpan<byte> any) => Check(any, depth: 0);

    /// <summary>An array (field 5) or a list of keys and values (field 6) that was checked.</summary>
    internal static object Read(int field, ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        var array = new List<object?>();
        var pairs = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (reader.NextField())
        {
            if (reader.Field != 1)
            {
                reader.Skip();
            }
            else if (field == 5)
            {
                array.Add(Read(reader.Bytes()));
            }
            else
            {
                var pair = reader.Bytes();
                pairs[Encoding.UTF8.GetString(ProtoReader.Find(pair, 1))] = Read(ProtoReader.Find(pair, 2));
            }
        }
        return field == 5 ? array : pairs;
    }

    /// <summary>The number, or where JSON has none its name.</summary>
    internal static object Finite(double number) => double.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number, or as text where a reader of JSON would round it.</summary>
    internal static object Exact(long number) => number is > -LargestExact and < LargestExact ? number : number.ToString(CultureInfo.InvariantCulture);

    private static object? Read(ReadOnlySpan<byte> any)
    {
        object? value = null;
        var reader = new ProtoReader(any);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1:
                    value = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                case 2:
                    value = reader.Varint() != 0;
                    break;
                case 3:
                    value = Exact((long)reader.Varint());
                    break;
                case 4:
                    value = Finite(reader.Double());
                    break;
                case 5 or 6:
                    value = Read(reader.Field, reader.Bytes());
                    break;
                case 7:
                    value = Convert.ToBase64String(reader.Bytes());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return value;
    }

    private static void Check(ReadOnlySpan<byte> any, int depth)
    {
        if (depth > Deepest)
        {
            throw new MalformedTelemetryException($"a value is nested more than {Deepest} deep");
        }
        var reader = new ProtoReader(any);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1 or 7:
                    reader.Bytes();
                    break;
                case 2 or 3:
                    reader.Varint();
                    break;
                case 4:
                    reader.Fixed64();
                    break;
                case 5:
                    CheckValues(reader.Bytes(), depth + 1);
                    break;
                case 6:
                    CheckPairs(reader.Bytes(), depth + 1);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private static void CheckValues(ReadOnlySpan<byte> array, int depth)
    {
        var reader = new ProtoReader(array);
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                Check(reader.Bytes(), depth);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void CheckPairs(ReadOnlySpan<byte> list, int depth)
    {
        var reader = new ProtoReader(list);
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                Check(ProtoReader.Find(reader.Bytes(), 2), depth);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
