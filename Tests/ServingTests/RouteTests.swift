import Testing

@testable import Serving

@Suite struct RouteTests {
  static let routes: [(String, Route)] = [
    ("/predict", .predict(model: nil, version: nil)),
    ("/predict?a=/b", .predict(model: nil, version: nil)),
    ("http://localhost:8080/predict", .predict(model: nil, version: nil)),
    ("/invocations", .invocations(model: nil, version: nil)),
    ("/models/iris/predict", .predict(model: "iris", version: nil)),
    ("/models/iris@3/predict", .predict(model: "iris", version: "3")),
    ("/models/iris@/invocations", .invocations(model: "iris", version: "")),
    ("/models//predict", .predict(model: "", version: nil)),
    ("/v2", .serverMetadata), ("/v2/", .serverMetadata),
    ("/v2/health/live", .live), ("/v2/health/ready", .ready),
    ("/v2/models/stats", .modelStatistics(model: nil, version: nil)),
    ("/v2/models/stats/stats", .modelStatistics(model: "stats", version: nil)),
    ("/v2/models/iris", .modelMetadata(model: "iris", version: nil)),
    ("/v2/models/iris/infer", .infer(model: "iris", version: nil)),
    ("/v2/models/iris/versions/3", .modelMetadata(model: "iris", version: "3")),
    ("/v2/models/iris/versions/3/infer", .infer(model: "iris", version: "3")),
    ("/v2/models/iris/versions/3/ready", .modelReady(model: "iris", version: "3")),
    ("/v2/models/versions/infer", .infer(model: "versions", version: nil)),
    ("/v2/repository/index", .repositoryIndex), ("/v2/repository/mine/index", .repositoryIndex),
    ("/v2/repository/models/iris/load", .repositoryChange(model: "iris")),
    ("/v2/repository/mine/models/iris/unload", .repositoryChange(model: "iris")),
  ]

  @Test(arguments: routes)
  func `a path has its route`(target: String, route: Route) {
    #expect(Route(target: target) == route)
  }

  @Test(arguments: [
    "", "/", "*", "predict", "//predict", "/predict/", "/predict/x", "/models", "/models/iris",
    "/models/iris/predict/", "/models/iris/predict/x", "/v2//", "/v2/health", "/v2/health/live/",
    "/v2/models", "/v2/models/", "/v2/models//infer", "/v2/models/iris/", "/v2/models/iris/other",
    "/v2/models/iris/infer/", "/v2/models/iris/versions", "/v2/models/iris/versions/",
    "/v2/models/iris/versions/3/", "/v2/models/iris/versions/3/infer/x", "/v2/repository",
    "/v2/repository/", "/v2/repository/index/index", "/v2/repository/models/index",
    "/v2/repository/models//load", "/v2/repository/models/iris", "/v2/repository/models/iris/drop",
    "/v2/repository/models/iris/load/x", "/v2/repository/mine/models/iris/load/x",
  ])
  func `any other path has none`(target: String) {
    #expect(Route(target: target) == nil)
  }

  @Test func `names are compared without the case of their letters alone`() {
    #expect("Content-Type".isEqual(ignoringCase: "content-type"))
    #expect("CONTENT-TYPE".isEqual(ignoringCase: "content-type"))
    #expect(!"content-typ".isEqual(ignoringCase: "content-type"))
    #expect(!"content\u{D}type".isEqual(ignoringCase: "content-type"))
    #expect("Text/CSV; header=present".hasPrefix(ignoringCase: "text/csv"))
    #expect(!"text/cs".hasPrefix(ignoringCase: "text/csv"))
  }
}
