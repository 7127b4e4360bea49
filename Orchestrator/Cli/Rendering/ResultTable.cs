using Spectre.Console;

namespace Stack.Cli;

/// <summary>A cell: its text and, for terminals, its style.</summary>
internal readonly record struct Cell(string Text, string? Style = null)
{
    public static implicit operator Cell(string text) => new(text);
}

/// <summary>A table: fitted to the terminal's width, or in aligned columns of full length for other readers.</summary>
internal sealed class ResultTable(params string[] columns)
{
    private const string Gap = "  ";
    private const int LeastLastWidth = 20;
    private readonly List<Cell[]> _rows = [];

    public void Add(params Cell[] cells) => _rows.Add(cells);

    public void Write(Output output)
    {
        if (output.IsStyled)
        {
            output.Console.Write(ToRenderable(output.Console.Profile.Width));
            return;
        }

        var widths = Widths();
        output.Text(Aligned(columns, widths));
        foreach (var row in _rows)
        {
            output.Text(Aligned(row.Select(cell => cell.Text), widths));
        }
    }

    /// <summary>The table for a terminal: one line for each row. The last column is cut to what is left; where too little is, columns before it are left out.</summary>
    public Table ToRenderable(int width)
    {
        var (shown, left) = Fit(width - 1);
        var table = new Table().Border(TableBorder.None).Collapse();
        foreach (var index in shown)
        {
            table.AddColumn(new TableColumn(Styles.Apply("grey", columns[index])) { NoWrap = true, Padding = new Padding(0, 0, index == shown[^1] ? 0 : Gap.Length, 0) });
        }

        foreach (var row in _rows)
        {
            row[^1] = row[^1] with { Text = Words.FirstLine(row[^1].Text, left) };
            table.AddRow([.. shown.Select(index => row[index]).Select(cell => new Markup(cell.Style is null ? Styles.Plain(cell.Text) : Styles.Apply(cell.Style, cell.Text)))]);
        }

        return table;
    }

    private (List<int> Shown, int Left) Fit(int width)
    {
        var widths = Widths();
        var shown = Enumerable.Range(0, columns.Length).ToList();
        var least = Math.Min(widths[^1], LeastLastWidth);
        var left = Left();
        while (left < least && shown.Count > 2)
        {
            shown.RemoveAt(shown.Count - 2);
            left = Left();
        }

        return (shown, Math.Max(left, 1));

        int Left() => width - shown.SkipLast(1).Sum(index => widths[index] + Gap.Length);
    }

    private int[] Widths() => [.. columns.Select((column, index) => _rows.Select(row => row[index].Text.Length).Append(column.Length).Max())];

    private static string Aligned(IEnumerable<string> cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, index) => cell.ReplaceLineEndings(" ").PadRight(widths[index]))).TrimEnd();
}
