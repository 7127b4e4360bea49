namespace Stack.Engine;

/// <summary>Placeholder for the fold.</summary>
public static class WorkflowEvents;
