import Domain
import Encoding
import Provenance

extension DataPlane {
  /// Decides on a request by its head: route, then key, then readiness, then the form of the body.
  ///
  /// In that order, so that a caller without a key learns nothing about what is served but, as the protocol wants it
  /// of those who watch, whether a name that it knows is ready, and a version that it names.
  ///
  /// Writes down in the draft what it learns of the request.
  func decide(_ head: RequestHead, _ draft: inout AccessDraft) -> Decision {
    do throws(Problem) {
      if let fault = head.fault { throw fault.problem }
      guard let route = Route(target: head.target) else {
        throw Problem(
          .notFound, "request.no-such-route",
          "expected a route such as '/models/{name}/predict' or '/v2/models/{name}/infer', found another path"
        )
      }
      guard route.method.accepts(head.method) else {
        draft.note(route)
        let problem = Problem(
          .badInput, "request.method-not-allowed",
          "expected \(route.method.rawValue) on this route, found '\(head.method.prefix(20))'")
        return .answer(Answer(problem, status: 405, fields: [.allow(route.method)]))
      }
      return decide(head, on: route, &draft)
    } catch {
      return .answer(Answer(error))
    }
  }

  /// The same for a request whose route is known, and whose head has no fault.
  func decide(_ head: RequestHead, on route: Route, _ draft: inout AccessDraft) -> Decision {
    draft.note(route)
    do throws(Problem) {
      return try decide(head, route, &draft)
    } catch {
      return .answer(Answer(error))
    }
  }

  /// Writes down what is asked for, where that is anything.
  func note(_ head: RequestHead, in draft: inout AccessDraft) {
    if head.fault == nil, let route = Route(target: head.target) { draft.note(route) }
  }

  private func decide(
    _ head: RequestHead, _ route: Route, _ draft: inout AccessDraft
  ) throws(Problem) -> Decision {
    let table = table
    switch route {
    case .live: return .answer(.ok(["live": true]))
    case .ready: return .answer(ready(table))
    case .serverMetadata: return .answer(.ok(Metadata.server(version: version)))
    case .predict(let name, let version), .invocations(let name, let version):
      var kind = ModelOperation.Kind.predict
      if case .invocations = route { kind = .invoke }
      let key = try PresentedKey(head)
      guard let name = name ?? table.onlyDeployment else {
        _ = try key.opened(table, &draft)
        throw Problem(
          .notFound, "request.model-not-named",
          "expected exactly one model behind this route, found \(table.deployments.count)",
          hint: "name the model: '/models/{name}/\(kind == .invoke ? "invocations" : "predict")'")
      }
      draft.record.deployment = try? ModelName(parsing: name)
      try key.authorize(for: name, table, &draft)
      return try operation(kind, on: name, version: version, table, head, &draft)
    case .infer(let name, let version):
      try PresentedKey(head).authorize(for: name, table, &draft)
      return try operation(.infer, on: name, version: version, table, head, &draft)
    case .modelMetadata(let name, let version):
      try PresentedKey(head).authorize(for: name, table, &draft)
      let model = try table.resolve(name, version: version)
      let versions = table.deployments[name]?.models.map(\.reference.version) ?? []
      return .answer(.ok(Metadata.model(model, versions: versions)))
    case .modelStatistics(let name?, let version):
      try PresentedKey(head).authorize(for: name, table, &draft)
      let model = try table.resolve(name, version: version)
      let models = version == nil ? table.deployments[name]?.models : nil
      return .answer(.ok(Metadata.statistics(of: models ?? [model])))
    case .modelStatistics(nil, _) where table.deployments["stats"] != nil:
      // The protocol has one path for the statistics of all and for the model of this name, which comes first.
      return try decide(head, .modelMetadata(model: "stats", version: nil), &draft)
    case .modelStatistics(nil, _):
      let models = try PresentedKey(head).opened(table, &draft).flatMap {
        table.deployments[$0]?.models ?? []
      }
      return .answer(.ok(Metadata.statistics(of: models)))
    case .repositoryIndex:
      let index = try index(try PresentedKey(head).opened(table, &draft), table, head)
      if case .declared(let count) = head.body, count > limits.smallBodyBytes {
        return .answer(Answer(RepositoryIndex.tooLarge(limits), closes: true))
      }
      return .perform(.index(index))
    case .repositoryChange(let name):
      try PresentedKey(head).authorize(for: name, table, &draft)
      return .answer(
        Answer(
          Problem(
            .refused, "repository.governed",
            "expected models to change by a roll-out of the control plane, found a request to load or unload one"
          ),
          status: 501))
    case .modelReady(let name, let version):
      do throws(Problem) {
        let model = try table.resolve(name, version: version)
        guard model.probe.isReady() else {
          throw Problem(.unavailable, "model.not-ready", "model '\(name)' is not ready")
        }
      } catch  where error.category == .notFound {
        // Nobody showed a key: which versions there are is not told.
        throw Problem(
          .notFound, "model.not-found", "expected a model, and a version of it, that is served, found another"
        )
      }
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

  private func index(
    _ names: [String], _ table: RoutingTable, _ head: RequestHead
  ) throws(Problem) -> RepositoryIndex {
    let entries = names.flatMap { name in
      (table.deployments[name]?.versions ?? []).map { version in
        RepositoryIndex.Entry(
          name: name, version: version.number, isReady: version.entry.model?.probe.isReady() ?? false)
      }
    }
    return RepositoryIndex(entries: entries, coding: try head.bodyForm(for: nil).coding)
  }

  private func operation(
    _ kind: ModelOperation.Kind, on name: String, version: String?, _ table: RoutingTable,
    _ head: RequestHead,
    _ draft: inout AccessDraft
  ) throws(Problem) -> Decision {
    let deployment = try table.deployment(name)
    let caller = ServedDeployment.Caller(
      key: draft.record.key, affinity: head.affinity, trace: draft.record.trace)
    let model = try deployment.resolve(version, of: name, for: caller)
    draft.record.version = model.reference.version.value
    draft.model = model
    let defences = deployment.defences(of: model)
    // Before it counts as asked of the version: one caller is not to say how the version answers the others.
    try defences?.refuseHeldCaller(draft.record.key, of: model, at: draft.arrival.nanoseconds)
    draft.isShared = version == nil
    let policy = deployment.policy.records
    draft.whenSpoolFull = policy.whenSpoolFull
    if case .declared(let count) = head.body, count > limits.bodyBytes {
      return .answer(bodyTooLarge())
    }
    var operation = ModelOperation(kind: kind, model: model, form: try head.bodyForm(for: kind))
    if policy.keepsPayload(of: draft.record.trace) {
      if spool != nil { operation.payload = PayloadForm(policy, for: model) }
      // The very requests whose rows may stand in a record.
      operation.isSampled = policy.letsRowsBeReplayed
    }
    if spool != nil, deployment.policy.awaitsLabels(of: draft.record.trace) {
      operation.feedback = deployment.feedback(of: model)
      draft.feedbackKey = head.feedbackKey
    }
    operation.isWatched = deployment.policy.isWatched && limits.watchShare > 0
    operation.defences = defences
    operation.turn = deployment.turn(timeout: head.timeout, from: draft.arrival)
    // Who names a version asks for that one, and is no sample of those who name none.
    if version == nil, let shadowing = deployment.shadowing {
      operation.shadows = Shadows(
        models: deployment.shadows, tolerance: shadowing.tolerance, thread: shadowThread, limits: limits)
    }
    return .perform(.model(operation))
  }

  func bodyTooLarge() -> Answer {
    Answer(
      Problem(
        .tooLarge, "request.body-too-large",
        "expected a body of at most \(limits.bodyBytes) bytes, found more",
        hint: "send the rows in several requests"), closes: true)
  }
}

extension AccessDraft {
  /// Writes down what is asked for.
  fileprivate mutating func note(_ route: Route) {
    self.route = route.template
    switch route {
    // Asked every few seconds by whoever watches the plane, and no use of a model.
    case .live, .ready: isRecorded = false
    case .predict(let model, _): note("predict", model)
    case .invocations(let model, _): note("invocations", model)
    case .infer(let model, _): note("infer", model)
    case .modelMetadata(let model, _): note("metadata", model)
    case .serverMetadata: note("metadata", nil)
    case .modelReady(let model, _): note("ready", model)
    case .modelStatistics(let model, _): note("statistics", model)
    case .repositoryIndex: note("repository", nil)
    case .repositoryChange(let model): note("repository", model)
    }
  }

  private mutating func note(_ request: String, _ model: String?) {
    record.request = request
    record.deployment = model.flatMap { try? ModelName(parsing: $0) }
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
  fileprivate func bodyForm(for kind: ModelOperation.Kind?) throws(Problem) -> BodyForm {
    var form = BodyForm(isProtobuf: isProtobuf)
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
  var problem: Problem {
    switch self {
    case .host: Problem(.badInput, "request.host", "expected exactly one Host field, found none or several")
    case .severalAuthorizations:
      Problem(.badInput, "request.several-authorizations", "expected one Authorization field, found several")
    case .timeout:
      Problem(
        .badInput, "request.timeout",
        "expected one field Gatehouse-Timeout-Ms of 1 to 3600000 milliseconds, found another")
    case .feedbackKey:
      Problem(
        .badInput, "request.feedback-key",
        "expected one field Gatehouse-Feedback-Key of 1 to \(FeedbackKey.byteLimit) visible characters, found another"
      )
    case .expectation:
      Problem(.badInput, "request.expectation", "expected 'Expect: 100-continue' or none, found another")
    case .transferCoding:
      Problem(
        .badInput, "request.transfer-encoding",
        "expected no Transfer-Encoding but 'chunked', and none in HTTP/1.0, found another")
    case .contentLength:
      Problem(
        .badInput, "request.content-length",
        "expected a body of as many bytes as Content-Length says, found another number of them")
    }
  }
}
