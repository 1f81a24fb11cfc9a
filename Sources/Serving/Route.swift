import Domain

/// What a request asks for, by its path alone.
enum Route: Equatable {
  case predict(model: String?, version: String?)
  /// As MLflow's scoring server has it.
  case invocations(model: String?, version: String?)
  case infer(model: String, version: String?)
  case modelMetadata(model: String, version: String?)
  case modelReady(model: String, version: String?)
  case modelStatistics(model: String?, version: String?)
  case repositoryIndex
  /// The protocol's way to have a model loaded or unloaded, which a roll-out does here.
  case repositoryChange(model: String)
  case serverMetadata
  case live
  case ready

  /// How it may be asked for.
  enum Method: String {
    case get = "GET, HEAD"
    case post = "POST"
  }

  var method: Method {
    switch self {
    case .predict, .invocations, .infer, .repositoryIndex, .repositoryChange: .post
    case .modelMetadata, .modelReady, .modelStatistics, .serverMetadata, .live, .ready: .get
    }
  }

  /// The path with its variable parts named.
  var template: StaticString {
    switch self {
    case .predict(nil, _): "/predict"
    case .predict: "/models/{model}/predict"
    case .invocations(nil, _): "/invocations"
    case .invocations: "/models/{model}/invocations"
    case .infer(_, nil): "/v2/models/{model}/infer"
    case .infer: "/v2/models/{model}/versions/{version}/infer"
    case .modelMetadata(_, nil): "/v2/models/{model}"
    case .modelMetadata: "/v2/models/{model}/versions/{version}"
    case .modelReady(_, nil): "/v2/models/{model}/ready"
    case .modelReady: "/v2/models/{model}/versions/{version}/ready"
    case .modelStatistics(nil, _): "/v2/models/stats"
    case .modelStatistics(_, nil): "/v2/models/{model}/stats"
    case .modelStatistics: "/v2/models/{model}/versions/{version}/stats"
    case .repositoryIndex: "/v2/repository/index"
    case .repositoryChange: "/v2/repository/models/{model}/{change}"
    case .serverMetadata: "/v2"
    case .live: "/v2/health/live"
    case .ready: "/v2/health/ready"
    }
  }

  /// The route of a request target; nil where there is none.
  ///
  /// Model names need no escapes in a path (see `ModelName`), so none is decoded: a path has one spelling.
  init?(target: String) {
    var path = PathSegments(Self.path(of: target))
    guard path.next() == "" else { return nil }
    let segments = (path.next(), path.next(), path.next(), path.next(), path.next(), path.next())
    // No route has a seventh.
    guard path.next() == nil else { return nil }
    switch segments {
    case ("models", let name?, "predict", nil, _, _):
      let (model, version) = Self.reference(name)
      self = .predict(model: model, version: version)
    case ("models", let name?, "invocations", nil, _, _):
      let (model, version) = Self.reference(name)
      self = .invocations(model: model, version: version)
    case ("v2", "models", "stats", nil, _, _): self = .modelStatistics(model: nil, version: nil)
    case ("v2", "models", let model?, "versions", let version?, let action):
      self.init(model: model, version: version, action)
    case ("v2", "models", let model?, let action, nil, _): self.init(model: model, version: nil, action)
    case ("v2", nil, _, _, _, _), ("v2", "", nil, _, _, _): self = .serverMetadata
    case ("v2", "health", "live", nil, _, _): self = .live
    case ("v2", "health", "ready", nil, _, _): self = .ready
    // The repository's own name may stand before; there is one repository, whatever it is called.
    case ("v2", "repository", "index", let rest, _, _): self.init(repository: ("index", rest, nil, nil))
    case ("v2", "repository", "models", let model, let change, let rest):
      self.init(repository: ("models", model, change, rest))
    case ("v2", "repository", _, let kind, let model, let change):
      self.init(repository: (kind, model, change, nil))
    case ("predict", nil, _, _, _, _): self = .predict(model: nil, version: nil)
    case ("invocations", nil, _, _, _, _): self = .invocations(model: nil, version: nil)
    default: return nil
    }
  }

  /// The model and the version in `iris`, `iris@3` or `iris@champion`.
  private static func reference(_ segment: String) -> (model: String, version: String?) {
    guard let sign = segment.utf8.firstIndex(of: UInt8(ascii: "@")) else { return (segment, nil) }
    return (String(segment[..<sign]), String(segment[segment.utf8.index(after: sign)...]))
  }

  private init?(model: String, version: String?, _ action: String?) {
    guard !model.isEmpty, version != "" else { return nil }
    switch action {
    case nil: self = .modelMetadata(model: model, version: version)
    case "ready": self = .modelReady(model: model, version: version)
    case "infer": self = .infer(model: model, version: version)
    case "stats": self = .modelStatistics(model: model, version: version)
    default: return nil
    }
  }

  private init?(repository path: (String?, String?, String?, String?)) {
    switch path {
    case ("index", nil, nil, nil): self = .repositoryIndex
    case ("models", let model?, "load", nil), ("models", let model?, "unload", nil):
      guard !model.isEmpty else { return nil }
      self = .repositoryChange(model: model)
    default: return nil
    }
  }

  /// The path of a request target, which is a path with a query or, from a proxy, a whole URL
  /// (RFC 9112 section 3.2).
  static func path(of target: String) -> Substring {
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
    guard path.first != UInt8(ascii: "/"), target.hasPrefix("http://") else { return Substring(path) }
    let authority = path.dropFirst("http://".utf8.count)
    return Substring(authority.drop { $0 != UInt8(ascii: "/") })
  }
}

/// The parts of a path between its slashes, one after the other.
private struct PathSegments {
  /// What is left of the path; nil behind its last part.
  private var rest: Substring.UTF8View?

  init(_ path: Substring) { rest = path.utf8 }

  mutating func next() -> String? {
    guard let rest else { return nil }
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
      self.rest = nil
      return String(Substring(rest))
    }
    self.rest = rest[rest.index(after: slash)...]
    return String(Substring(rest[..<slash]))
  }
}
