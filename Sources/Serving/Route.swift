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
    let segments = Self.path(of: target).utf8.split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).map { Substring($0) }
    guard segments.first == "" else { return nil }
    switch segments.dropFirst() {
    case ["predict"]: self = .predict(model: nil, version: nil)
    case ["invocations"]: self = .invocations(model: nil, version: nil)
    case let path where path.count == 3 && path.first == "models" && path.last == "predict":
      let (model, version) = Self.reference(segments[2])
      self = .predict(model: model, version: version)
    case let path where path.count == 3 && path.first == "models" && path.last == "invocations":
      let (model, version) = Self.reference(segments[2])
      self = .invocations(model: model, version: version)
    case ["v2"], ["v2", ""]: self = .serverMetadata
    case ["v2", "health", "live"]: self = .live
    case ["v2", "health", "ready"]: self = .ready
    case ["v2", "models", "stats"]: self = .modelStatistics(model: nil, version: nil)
    case let path where path.starts(with: ["v2", "repository"]): self.init(repository: path.dropFirst(2))
    case let path where path.count >= 3 && path.starts(with: ["v2", "models"]):
      self.init(model: String(segments[3]), rest: segments.dropFirst(4))
    default: return nil
    }
  }

  /// The model and the version in `iris`, `iris@3` or `iris@champion`.
  private static func reference(_ segment: Substring) -> (model: String, version: String?) {
    guard let sign = segment.utf8.firstIndex(of: UInt8(ascii: "@")) else { return (String(segment), nil) }
    return (String(segment[..<sign]), String(segment[segment.utf8.index(after: sign)...]))
  }

  private init?(model: String, rest: ArraySlice<Substring>) {
    var rest = rest
    var version: String?
    if rest.first == "versions", rest.count >= 2 {
      version = String(rest[rest.startIndex + 1])
      rest = rest.dropFirst(2)
    }
    guard !model.isEmpty, version != "" else { return nil }
    switch rest {
    case []: self = .modelMetadata(model: model, version: version)
    case ["ready"]: self = .modelReady(model: model, version: version)
    case ["infer"]: self = .infer(model: model, version: version)
    case ["stats"]: self = .modelStatistics(model: model, version: version)
    default: return nil
    }
  }

  /// A route of the repository, whose own name may stand before; there is one repository, whatever it is called.
  private init?(repository path: ArraySlice<Substring>) {
    let rest = path.first == "index" || path.first == "models" ? path : path.dropFirst()
    switch Array(rest) {
    case ["index"]: self = .repositoryIndex
    case let rest where rest.count == 3 && rest[0] == "models" && !rest[1].isEmpty:
      guard rest[2] == "load" || rest[2] == "unload" else { return nil }
      self = .repositoryChange(model: String(rest[1]))
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
