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
    private readonly List<Cell[]> _rows = [];

    public void Add(params Cell[] cells) => _rows.Add(cells);

    public void Write(Output output)
    {
        if (output.IsStyled)
        {
            output.Console.Write(ToRenderable());
            return;
        }

        var widths = columns.Select((column, index) => _rows.Select(row => row[index].Text.Length).Append(column.Length).Max()).ToArray();
        output.Text(Aligned(columns, widths));
        foreach (var row in _rows)
        {
            output.Text(Aligned(row.Select(cell => cell.Text), widths));
        }
    }

    /// <summary>The table for a terminal.</summary>
    public Table ToRenderable()
    {
        var table = new Table().Border(TableBorder.None).Collapse();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Styles.Apply("grey", column)) { NoWrap = column != columns[^1] }.PadRight(2));
        }

        foreach (var row in _rows)
        {
            table.AddRow([.. row.Select(cell => new Markup(cell.Style is null ? Styles.Plain(cell.Text) : Styles.Apply(cell.Style, cell.Text)))]);
        }

        return table;
    }

    private static string Aligned(IEnumerable<string> cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, index) => cell.ReplaceLineEndings(" ").PadRight(widths[index]))).TrimEnd();
}
