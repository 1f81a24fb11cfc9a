import Domain
import Encoding
import NIOConcurrencyHelpers
import Synchronization

/// What every connection of a data plane shares: the table of what is served, the bounds and the counts.
final class DataPlane: Sendable {
  let limits: PlaneLimits
  let version: String
  /// Replaced whole by `publish`; a request takes the table once, at its head.
  private let current: NIOLockedValueBox<RoutingTable>
  private let answered = Atomic<Int>(0)
  private let draining = Atomic<Bool>(false)
  let connections = Gauge()
  let bufferedBytes = Gauge()
  let queuedPredictions = Gauge()

  init(limits: PlaneLimits, version: String, table: RoutingTable) {
    self.limits = limits
    self.version = version
    self.current = NIOLockedValueBox(table)
  }

  var table: RoutingTable { current.withLockedValue { $0 } }

  func publish(_ table: RoutingTable) { current.withLockedValue { $0 = table } }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func startDraining() { draining.store(true, ordering: .relaxed) }

  /// How many requests were answered.
  var requests: Int { answered.load(ordering: .relaxed) }

  func countAnswer() { answered.wrappingAdd(1, ordering: .relaxed) }
}

/// A count of what is in use, with a bound that is given at each taking.
final class Gauge: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .relaxed) }

  /// Takes `amount` unless that would go beyond `limit`.
  func take(_ amount: Int, limit: Int) -> Bool {
    guard value.wrappingAdd(amount, ordering: .relaxed).newValue > limit else { return true }
    release(amount)
    return false
  }

  func release(_ amount: Int) { value.wrappingSubtract(amount, ordering: .relaxed) }
}

/// What the head of a request leads to.
enum Decision: Sendable {
  /// The answer is certain; the body does not matter.
  case answer(Answer)
  case perform(Operation)
}

extension DataPlane {
  /// Decides on a request by its head: route, then key, then readiness, then the form of the body.
  ///
  /// In that order, so that a caller without a key learns nothing about what is served, not even its names.
  func decide(_ head: RequestHead) -> Decision {
    do throws(Problem) {
      if let fault = head.fault { throw fault.problem }
      guard let route = Route(target: head.target) else {
        throw Problem(
          .notFound, "request.no-such-route",
          "expected a route such as '/models/{name}/predict' or '/v2/models/{name}/infer', found another path"
        )
      }
      guard route.method.accepts(head.method) else {
        let problem = Problem(
          .badInput, "request.method-not-allowed",
          "expected \(route.method.rawValue) on this route, found '\(head.method.prefix(20))'")
        return .answer(Answer(problem, status: 405, fields: [.allow(route.method)]))
      }
      return try decide(head, route)
    } catch {
      return .answer(Answer(error))
    }
  }

  private func decide(_ head: RequestHead, _ route: Route) throws(Problem) -> Decision {
    let table = table
    switch route {
    case .live: return .answer(.ok(["live": true]))
    case .ready: return .answer(ready(table))
    case .serverMetadata: return .answer(.ok(Metadata.server(version: version)))
    case .predict(let name), .invocations(let name):
      let isUnnamed = name == nil
      let name = name ?? table.entries.keys.first ?? ""
      if let refusal = Self.authenticate(head, for: name, table) { return .answer(refusal) }
      var kind = Operation.Kind.predict
      if case .invocations = route { kind = .invoke }
      guard !isUnnamed || table.entries.count == 1 else {
        throw Problem(
          .notFound, "request.model-not-named",
          "expected exactly one model behind this route, found \(table.entries.count)",
          hint: "name the model: '/models/{name}/\(kind == .invoke ? "invocations" : "predict")'")
      }
      return try operation(kind, on: name, version: nil, table, head)
    case .infer(let name, let version):
      if let refusal = Self.authenticate(head, for: name, table) { return .answer(refusal) }
      return try operation(.infer, on: name, version: version, table, head)
    case .modelMetadata(let name, let version):
      if let refusal = Self.authenticate(head, for: name, table) { return .answer(refusal) }
      guard let model = try Self.model(name, version, table) else { return .answer(.notReady(name)) }
      return .answer(.ok(Metadata.model(model, name: name)))
    case .modelReady(let name, let version):
      guard try Self.model(name, version, table) != nil else { return .answer(.notReady(name)) }
      return .answer(.ok(["name": .string(name), "ready": true]))
    }
  }

  private func ready(_ table: RoutingTable) -> Answer {
    if isDraining { return .unavailable("plane.draining", "the plane is draining", retryAfter: 1) }
    guard table.isReady else {
      return .unavailable("plane.not-ready", "not every model is ready", retryAfter: 1)
    }
    return .ok(["ready": true])
  }

  private func operation(
    _ kind: Operation.Kind, on name: String, version: String?, _ table: RoutingTable, _ head: RequestHead
  ) throws(Problem) -> Decision {
    guard let model = try Self.model(name, version, table) else { return .answer(.notReady(name)) }
    if case .declared(let count) = head.body, count > limits.bodyBytes {
      return .answer(bodyTooLarge())
    }
    return .perform(Operation(kind: kind, model: model, form: try head.bodyForm(for: kind)))
  }

  func bodyTooLarge() -> Answer {
    Answer(
      Problem(
        .tooLarge, "request.body-too-large",
        "expected a body of at most \(limits.bodyBytes) bytes, found more",
        hint: "send the rows in several requests"), closes: true)
  }

  /// The model of a name; nil where it should be there and is not.
  ///
  /// Throws where there is none.
  private static func model(_ name: String, _ version: String?, _ table: RoutingTable) throws(Problem)
    -> ServedModel?
  {
    guard let entry = table.entries[name] else {
      throw Problem(
        .notFound, "model.not-found",
        "expected the name of a model that is served, found '\(name.prefix(80))'")
    }
    guard case .model(let model) = entry else { return nil }
    if let version, version != model.reference.version.description {
      throw Problem(
        .notFound, "model.no-such-version",
        "expected version \(model.reference.version) of '\(name)', found '\(version.prefix(40))'")
    }
    return model
  }

  /// The refusal of a caller; nil where its key opens `deployment`.
  private static func authenticate(_ head: RequestHead, for deployment: String, _ table: RoutingTable)
    -> Answer?
  {
    guard let authorization = head.authorization else {
      return Answer(
        Problem(
          .unauthenticated, "key.missing", "expected a key, found no Authorization field",
          hint: "send 'Authorization: Bearer KEY'"), fields: [.challenge(error: nil)])
    }
    guard let key = bearerToken(authorization) else {
      return Answer(
        Problem(
          .unauthenticated, "key.malformed", "expected 'Bearer' and a key, found another Authorization",
          hint: "send 'Authorization: Bearer KEY'"), fields: [.challenge(error: nil)])
    }
    switch table.keys.access(key, to: deployment) {
    case .granted: return nil
    case .unknown:
      return Answer(
        Problem(
          .unauthenticated, "key.unknown", "expected a known key, found one that is unknown or revoked"),
        fields: [.challenge(error: "invalid_token")])
    case .otherDeployment:
      // To a known caller a name that nothing is served under is not found rather than forbidden.
      if table.entries[deployment] == nil, !deployment.isEmpty { return nil }
      return Answer(
        Problem(
          .forbidden, "key.other-deployment", "expected a key to this deployment, found one to another"))
    }
  }

  /// The token of `Bearer TOKEN`, the scheme in any case (RFC 9110 section 11.1).
  private static func bearerToken(_ authorization: String) -> Substring.UTF8View? {
    let parts = authorization.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard parts.count == 2, parts[0].count == 6, Substring(parts[0]).lowercased() == "bearer" else {
      return nil
    }
    return parts[1]
  }
}

extension Answer {
  /// The answer for a model that should be served and is not yet.
  ///
  /// It does not say why: that is for the operator, who is told by the control socket.
  fileprivate static func notReady(_ name: String) -> Answer {
    .unavailable("model.not-ready", "model '\(name)' is not ready", retryAfter: 1)
  }
}

extension Route.Method {
  fileprivate func accepts(_ method: String) -> Bool {
    switch self {
    case .get: method == "GET" || method == "HEAD"
    case .post: method == "POST"
    }
  }
}

extension RequestHead {
  /// The form of the body by what the head says of it.
  fileprivate func bodyForm(for kind: Operation.Kind) throws(Problem) -> BodyForm {
    var form = BodyForm()
    if let contentEncoding {
      guard let coding = ContentCoding(contentEncoding) else {
        throw Problem(
          .badInput, "request.content-encoding",
          "expected the Content-Encoding gzip, deflate or none, found '\(contentEncoding.excerpt(40))'")
      }
      form.coding = coding
    }
    form.isCSV = isCSV && kind != .infer
    if let inferenceHeader {
      // Digits alone: no sign, and no second spelling of a number.
      guard kind == .infer, let length = Int(inferenceHeader), length >= 0,
        inferenceHeader.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
      else {
        throw Problem(
          .badInput, "request.inference-header",
          kind == .infer
            ? "expected a number of bytes as Inference-Header-Content-Length, found '\(inferenceHeader.excerpt(40))'"
            : "expected no field Inference-Header-Content-Length on this route, found it")
      }
      form.headerBytes = length
    }
    return form
  }
}

extension RequestHead.Fault {
  fileprivate var problem: Problem {
    switch self {
    case .host: Problem(.badInput, "request.host", "expected exactly one Host field, found none or several")
    case .severalAuthorizations:
      Problem(.badInput, "request.several-authorizations", "expected one Authorization field, found several")
    case .expectation:
      Problem(.badInput, "request.expectation", "expected 'Expect: 100-continue' or none, found another")
    }
  }
}
