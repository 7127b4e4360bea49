using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Redis;

/// <summary>Redis Commander: a web page for all Redis servers of the application.</summary>
public class RedisCommanderResource(string name) : ContainerResource(name);

/// <summary>Redis Insight: a web page for all Redis servers of the application.</summary>
public class RedisInsightResource(string name) : ContainerResource(name);
