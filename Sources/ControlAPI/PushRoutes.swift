import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle
import Lifting
import NIOCore

/// Bytes in, then the wish to have them served.
struct PushRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.post("blobs", .somewhere(.push), use: upload)
    routes.head("blobs/:digest", .somewhere(.push), use: exists)
    routes.post("models/:name/versions", .somewhere(.push), use: push)
  }

  /// `POST /api/v1/blobs`: the body is the bytes.
  ///
  /// Answers 201 with their digest once they are durable; an upload that is cut off leaves nothing.
  @Sendable private func upload(_ request: Request, _ context: ControlContext) async throws -> Response {
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    try check(announced ?? 0)
    let session = try await control.beginUpload()
    var count = 0
    do {
      for try await buffer in request.body {
        count += buffer.readableBytes
        try check(count)
        try await session.write(Array(buffer.readableBytesView))
      }
      if let announced, announced != count {
        throw Problem(
          .badInput, "upload.cut-off", "expected \(announced) bytes, found the end after \(count)",
          hint: "send the file again")
      }
    } catch {
      await session.abandon()
      throw error
    }
    let digest = try await session.finish()
    return .json(.created, ["digest": .string(digest.description), "bytes": JSON(count)])
  }

  private func check(_ count: Int) throws(Problem) {
    guard count <= control.uploadLimit else {
      throw Problem(
        .tooLarge, "upload.too-large", "expected at most \(control.uploadLimit) bytes, found more")
    }
  }

  /// `HEAD /api/v1/blobs/{digest}`: 200 where the bytes are here already, so that they need not be sent.
  @Sendable private func exists(_ request: Request, _ context: ControlContext) async throws -> Response {
    let digest = try Digest(parsing: context.parameter("digest"))
    return Response(status: try await control.hasBlob(digest) ? .ok : .notFound)
  }

  /// `POST /api/v1/models/{name}/versions` with `{"files":[{"path","digest"}]}`, and perhaps
  /// `"project"` for a new model, `"facts":{"dataClass","exposure"}`, `"engine":"onnxruntime"` for what our own operators cannot run and `"trainingData":[{"name","digest"}]`, the
  /// data sets that it was trained with, which are not sent, and `"tests":{"plan","data":{"name","digest"},"seed"}`, a plan
  /// of tests and rows with their labels, which are, and `"reference"`, the digest of what the training data looked like, which
  /// is a blob, and `"promotion"`, that of the statement by which another platform promotes it to this one, which is one too.
  ///
  /// With `Accept: application/x-ndjson` each step is a line as it happens; else one JSON document at the
  /// end, 201 for a new version, 200 for one that was there, 422 for a refusal.
  @Sendable private func push(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    let wish = PushRequest(
      name: try context.modelName(), files: try Self.files(in: body),
      actor: try context.requireActor(),
      project: try body["project"] == nil ? nil : ProjectName(parsing: body.text("project")),
      facts: try ModelFacts(json: body["facts"] ?? [:]),
      engine: try Self.engine(in: body),
      trainingData: try TrainingData(json: body["trainingData"] ?? [], at: "/trainingData"),
      tests: try body["tests"].map { (tests) throws(Problem) in try StatedTests(json: tests) },
      reference: try body["reference"] == nil ? nil : Digest(parsing: body.text("reference")),
      promotion: try body["promotion"] == nil ? nil : Digest(parsing: body.text("promotion")))
    guard request.headers[.accept]?.contains("application/x-ndjson") == true else {
      let outcome = try await control.push(wish) { _ in }
      let status: HTTPResponse.Status =
        outcome.status == .refused ? .unprocessableContent : outcome.isNew ? .created : .ok
      return .json(status, outcome.json)
    }
    return Response(
      status: .ok, headers: [.contentType: "application/x-ndjson"],
      body: .init { [control] writer in
        // Unbounded, yet at most two events a stage.
        let (events, continuation) = AsyncStream<RoadEvent>.makeStream()
        async let end: Problem? = Self.run(control, wish, continuation)
        for await event in events { try await writer.write(Self.line(event.json)) }
        if let problem = await end {
          try await writer.write(Self.line(["event": "problem", "problem": problem.json]))
        }
        try await writer.finish(nil)
      })
  }

  private static func run(
    _ control: ControlPlane, _ wish: PushRequest, _ events: AsyncStream<RoadEvent>.Continuation
  ) async -> Problem? {
    defer { events.finish() }
    do throws(Problem) {
      _ = try await control.push(wish) { events.yield($0) }
      return nil
    } catch {
      return error
    }
  }

  private static func line(_ value: JSON) -> ByteBuffer {
    ByteBuffer(bytes: value.canonicalBytes + [UInt8(ascii: "\n")])
  }

  private static func engine(in body: JSON) throws(Problem) -> LiftEngine? {
    guard let member = body["engine"] else { return nil }
    if let engine = member.string.flatMap(LiftEngine.init(rawValue:)) { return engine }
    throw Problem(
      .badInput, "request.member", "expected 'onnxruntime' or nothing as engine, found another",
      position: "/engine")
  }

  private static func files(in body: JSON) throws(Problem) -> [PushedFile] {
    guard let list = body["files"]?.array else {
      throw Problem(
        .badInput, "request.member", "expected an array of files, found \(body["files"]?.kind ?? "none")",
        position: "/files")
    }
    var files: [PushedFile] = []
    for (index, item) in list.enumerated() {
      guard let path = item["path"]?.string, let digest = item["digest"]?.string else {
        throw Problem(
          .badInput, "request.member", "expected an object with 'path' and 'digest', found \(item.kind)",
          position: "/files/\(index)")
      }
      files.append(PushedFile(path: path, blob: try Digest(parsing: digest)))
    }
    return files
  }
}

extension RoadEvent {
  /// The event as one line of a push's answer.
  var json: JSON {
    switch self {
    case .started(let stage): ["event": "started", "stage": .string(stage.rawValue)]
    case .finished(let report): ["event": "finished", "report": report.json]
    case .found(let findings): ["event": "found", "findings": .array(findings.map(\.json))]
    case .ended(let outcome): ["event": "ended", "outcome": outcome.json]
    }
  }
}
