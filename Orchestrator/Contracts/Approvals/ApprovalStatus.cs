using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Where a question to a person stands. All but the first are final.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ApprovalStatus>))]
public enum ApprovalStatus
{
    /// <summary>Nobody has decided.</summary>
    Open,

    /// <summary>Yes.</summary>
    Approved,

    /// <summary>No.</summary>
    Rejected,

    /// <summary>Nobody decided in time, which counts as no.</summary>
    Expired,

    /// <summary>Its workflow ended first.</summary>
    Canceled,

    /// <summary>The effect changed before anybody decided; it is asked anew under another id.</summary>
    Superseded,
}
