import Domain
import Encoding
import NIOCore

/// One message of a call, on its way to an answer.
struct GRPCCall {
  let method: GRPCMethod
  let head: GRPCHead
  let message: FramedMessage

  /// What is to be done about it.
  enum Step {
    case answer(Answer)
    /// `PlaneLoop.perform` knows how.
    case perform(Operation)
  }

  /// Decides on the message, and writes down in the draft what it learns of it.
  func decide(_ plane: DataPlane, _ draft: inout AccessDraft) -> Step {
    do throws(Problem) {
      if message.isCompressed, head.coding == nil {
        throw Problem(
          .badInput, "grpc.encoding",
          "expected a message that is not compressed where there is no grpc-encoding")
      }
      switch method {
      case .modelInfer, .modelStreamInfer: return try infer(plane, &draft)
      case .reflection, .reflectionAlpha:
        draft.record.request = "reflection"
        return .answer(.message(try Reflection.services.answer(try bytes(plane.limits)[...])))
      default: return .answer(try describe(plane, &draft))
      }
    } catch {
      return .answer(Answer(error))
    }
  }

  private var coding: ContentCoding? { message.isCompressed ? head.coding.flatMap(ContentCoding.init) : nil }

  /// The message as it is behind its compression; for those that are short, on an event loop.
  private func bytes(_ limits: PlaneLimits) throws(Problem) -> [UInt8] {
    let bytes = Array(message.bytes.readableBytesView)
    guard let coding else { return bytes }
    return try BodyInflater.inflate(bytes, coding, limit: limits.smallBodyBytes)
  }

  private func infer(_ plane: DataPlane, _ draft: inout AccessDraft) throws(Problem) -> Step {
    let query = try ModelQuery(leading: try leadingBytes()[...])
    var request = head.request
    request.body = .declared(message.bytes.readableBytes)
    request.contentEncoding = message.isCompressed ? head.coding : nil
    switch plane.decide(request, on: .infer(model: query.name, version: query.version), &draft) {
    case .answer(let answer): return .answer(answer)
    case .perform(let operation): return .perform(operation)
    }
  }

  /// So much of the message as its model stands in.
  private func leadingBytes() throws(Problem) -> [UInt8] {
    guard let coding else { return Array(message.bytes.readableBytesView.prefix(ModelQuery.leadingBytes)) }
    let packed = Array(message.bytes.readableBytesView.prefix(2 * ModelQuery.leadingBytes))
    return try BodyInflater.prefix(of: packed, coding, count: ModelQuery.leadingBytes)
  }

  // MARK: What describes

  private func describe(_ plane: DataPlane, _ draft: inout AccessDraft) throws(Problem) -> Answer {
    let bytes = try bytes(plane.limits)
    let decision = plane.decide(head.request, on: try route(bytes[...]), &draft)
    switch decision {
    case .answer(let answer): return spelled(answer)
    case .perform(.index(let index)):
      return spelled(index.answer(isReadyAlone: try Self.flag(2, in: bytes[...], "ready")))
    case .perform(.model):
      throw Problem(.internal, "grpc.route", "expected a description, found an operation")
    }
  }

  private func route(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Route {
    switch method {
    case .serverLive: return .live
    case .serverReady: return .ready
    case .serverMetadata: return .serverMetadata
    case .modelReady:
      let query = try ModelQuery(leading: bytes)
      return .modelReady(model: query.name, version: query.version)
    case .modelMetadata:
      let query = try ModelQuery(leading: bytes)
      return .modelMetadata(model: query.name, version: query.version)
    case .modelStatistics:
      let query = try ModelQuery(leading: bytes)
      return .modelStatistics(model: query.name.isEmpty ? nil : query.name, version: query.version)
    case .repositoryIndex: return .repositoryIndex
    case .repositoryModelLoad, .repositoryModelUnload:
      // Clients of Triton name the repository first, clients of KServe the model alone.
      let query = try ModelQuery(leading: bytes)
      return .repositoryChange(model: query.version ?? query.name)
    case .healthCheck, .healthWatch:
      let service = try ModelQuery(leading: bytes).name
      guard service.isEmpty || Reflection.services.names.contains(service) else {
        throw Problem(
          .notFound, "grpc.no-such-service",
          "expected the name of a service, or none for the whole server, found '\(service.excerpt(80))'")
      }
      return .ready
    case .modelInfer, .modelStreamInfer, .reflection, .reflectionAlpha:
      throw Problem(.internal, "grpc.route", "expected a method that describes, found another")
    }
  }

  private static func flag(_ number: Int, in message: ArraySlice<UInt8>, _ name: String) throws(Problem)
    -> Bool
  {
    var reader = ProtobufReader(message, origin: message.startIndex)
    var flag = false
    while let field = try reader.nextField() {
      if field.number == number { flag = try field.flag(name) }
    }
    return flag
  }

  /// The answer as the method's message; one that carries a problem as it is.
  private func spelled(_ answer: Answer) -> Answer {
    switch (method, answer.status) {
    case (.healthCheck, 200), (.healthWatch, 200): return .health(.serving)
    case (.healthCheck, 503), (.healthWatch, 503): return .health(.notServing)
    // Not to be ready is an answer here, and no error.
    case (.serverReady, 503), (.modelReady, 503): return .message([])
    case (_, 200):
      guard let shape, var json = try? JSON(parsing: answer.body) else { return answer }
      if json.array != nil { json = ["models": json] }
      return .message(shape.message(of: json))
    default: return answer
    }
  }

  private var shape: MessageShape? {
    switch method {
    case .serverLive: .serverLive
    case .serverReady, .modelReady: .ready
    case .serverMetadata: .serverMetadata
    case .modelMetadata: .modelMetadata
    case .modelStatistics: .modelStatistics
    case .repositoryIndex: .repositoryIndex
    case .modelInfer, .modelStreamInfer, .repositoryModelLoad, .repositoryModelUnload, .healthCheck,
      .healthWatch,
      .reflection, .reflectionAlpha:
      nil
    }
  }
}

/// What `grpc.health.v1` says of a service.
enum ServingStatus: Int64 {
  case serving = 1
  case notServing = 2
}

extension Answer {
  /// A message that answers a call.
  static func message(_ bytes: [UInt8]) -> Answer { Answer(status: 200, body: bytes, form: .protobuf) }

  /// A `HealthCheckResponse`.
  static func health(_ status: ServingStatus) -> Answer {
    var writer = ProtobufWriter()
    writer.integer(1, status.rawValue)
    return .message(writer.bytes)
  }

  /// The answer to a call whose time is over.
  static var deadlineExceeded: Answer {
    Answer(Problem(.deadline, "grpc.deadline", "expected an answer within grpc-timeout, found it unfinished"))
  }
}
