namespace Aspire.Hosting;

/// <summary>Something is wrong with the application as described or with what it needs; the message says what and how to put it right.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>An unexplained one.</summary>
    public DistributedApplicationException()
    {
    }

    /// <summary>One with an explanation.</summary>
    public DistributedApplicationException(string message) : base(message)
    {
    }

    /// <summary>One with an explanation and a cause.</summary>
    public DistributedApplicationException(string message, Exception inner) : base(message, inner)
    {
    }
}

/// <summary>A parameter has no value.</summary>
public class MissingParameterValueException : DistributedApplicationException
{
    /// <summary>One with an explanation.</summary>
    public MissingParameterValueException(string message) : base(message)
    {
    }

    /// <summary>One with an explanation and a cause.</summary>
    public MissingParameterValueException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
