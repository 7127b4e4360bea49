using Stack.Orchestrator.Gateway.Builtin;

namespace Stack.Tests.Orchestrator.Gateway.Builtin;

public sealed class EntityReaderTests
{
    [Theory]
    [InlineData("a REST API for books with title, author and price", "Book/books: Title:Text Author:Text Price:Number")]
    [InlineData("Inventory API: Product(name: string, price: decimal, stock: int, active: bool)", "Product/products: Name:Text Price:Number Stock:Whole Active:Flag")]
    [InlineData("Each employee has a name, an email, a salary and a hire date.", "Employee/employees: Name:Text Email:Email Salary:Number HireDate:Date")]
    [InlineData("recipes (name, ingredients, servings)", "Recipe/recipes: Name:Text Ingredients:LongText Servings:Whole")]
    [InlineData("Track movies with title, rating in stars and a watched flag", "Movie/movies: Title:Text Rating:Whole Watched:Flag")]
    [InlineData("categories with name and optional website", "Category/categories: Name:Text Website:WebAddress?")]
    public void Read_FieldsAreNamed_GivesThemWithTheirKinds(string requirements, string expected) => Assert.Equal([expected], Describe(requirements));

    [Fact]
    public void Read_SeveralEntities_KeepsTheirFieldsApart() => Assert.Equal(
        ["Customer/customers: Name:Text Email:Email Phone:Text?", "Order/orders: Total:Number Paid:Flag"],
        Describe("An API for managing customers with name, email and optional phone, and orders with total and paid"));

    [Theory]
    [InlineData("Build a todo list app", "todos")]
    [InlineData("I want to track my expenses", "expenses")]
    [InlineData("Create a REST API with CRUD operations for users, posts and comments", "posts comments users")]
    [InlineData("A library management system with books and members", "books members")]
    [InlineData("weather API", "weathers")]
    public void Read_OnlyNamesAreGiven_AssumesUsualFields(string requirements, string routes)
    {
        var entities = EntityReader.Read(requirements);

        Assert.Equal(routes, string.Join(' ', entities.Select(entity => entity.Route)));
        Assert.All(entities, entity => Assert.False(entity.FieldsAreGiven));
        Assert.All(entities, entity => Assert.NotEmpty(entity.Fields));
    }

    [Theory]
    [InlineData("A calculator web API with add, subtract, multiply and divide")]
    [InlineData("A command line calculator")]
    [InlineData("A class library for text statistics")]
    [InlineData("Hello world")]
    [InlineData("")]
    public void Read_NothingToStore_GivesNothing(string requirements) => Assert.Empty(EntityReader.Read(requirements));

    [Fact]
    public void Read_WishesAboutTheProgram_AreNoFields() => Assert.Equal(
        ["TaskItem/tasks: Title:Text DueDate:Date"],
        Describe("A REST API for tasks with title and due date, with validation, paging and tests"));

    [Theory]
    [InlineData("files with path and task", "FileItem/files: Path:Text Task:Text")]
    [InlineData("notes with note and equals", "Note/notes: NoteValue:Text EqualsValue:Text")]
    [InlineData("rooms with active and enabled", "Room/rooms: Name:Text Active:Flag Enabled:Flag")]
    public void Read_NamesThatCodeUsesAlready_AreChanged(string requirements, string expected) => Assert.Equal([expected], Describe(requirements));

    [Fact]
    public void Read_LongHostileText_EndsSoon()
    {
        var text = string.Concat(Enumerable.Repeat("with a, and (of for books ", 800));

        Assert.True(EntityReader.Read(text).Count <= 8);
    }

    private static string[] Describe(string requirements) =>
    [
        .. EntityReader.Read(requirements).Select(entity =>
            $"{entity.TypeName}/{entity.Route}: {string.Join(' ', entity.Fields.Select(field => $"{field.Name}:{field.Kind}{(field.Optional ? "?" : "")}"))}"),
    ];
}
