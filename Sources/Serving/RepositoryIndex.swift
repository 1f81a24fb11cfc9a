import Domain
import Encoding
import Inference
import NIOCore

/// The list of models of the protocol's repository extension, of those that a caller may know about.
struct RepositoryIndex: Sendable {
  /// One version of a served name, sorted by both.
  struct Entry: Sendable {
    let name: String
    let version: VersionNumber
    /// Whether it answers.
    let isReady: Bool
  }

  let entries: [Entry]
  var coding: ContentCoding?

  /// The answer to a body, which may be empty, or ask for those models alone that are `ready`.
  func answer(_ body: ByteBuffer, limits: PlaneLimits) -> Answer {
    do throws(Problem) {
      // Read on an event loop, which others wait for.
      guard body.readableBytes <= limits.smallBodyBytes else { throw Self.tooLarge(limits) }
      var bytes = Array(body.readableBytesView)
      if let coding { bytes = try BodyInflater.inflate(bytes, coding, limit: limits.smallBodyBytes) }
      var isReadyAlone = false
      if !bytes.isEmpty {
        var reader = RequestReader(bytes, limits: JSONLimits(depth: limits.bodyDepth, values: 1000))
        let json = try reader.value()
        try reader.end()
        guard json.object != nil, json["ready"] == nil || json["ready"]?.bool != nil else {
          throw Problem(
            .badInput, "repository.malformed",
            "expected an object such as {\"ready\": true}, found another value")
        }
        isReadyAlone = json["ready"]?.bool ?? false
      }
      return answer(isReadyAlone: isReadyAlone)
    } catch {
      return Answer(error)
    }
  }

  /// The answer with all models, or with those alone that are ready.
  func answer(isReadyAlone: Bool) -> Answer {
    .ok(.array(entries.filter { !isReadyAlone || $0.isReady }.map(Self.json)))
  }

  /// The refusal of a longer body than it can have any use for.
  static func tooLarge(_ limits: PlaneLimits) -> Problem {
    Problem(
      .tooLarge, "request.body-too-large",
      "expected a body of at most \(limits.smallBodyBytes) bytes on this route, found more",
      hint: "send {\"ready\": true} or nothing")
  }

  private static func json(_ entry: Entry) -> JSON {
    // Why a model is not ready is for the operator, who is told by the control socket.
    [
      "name": .string(entry.name), "version": .string(entry.version.description),
      "state": entry.isReady ? "READY" : "UNAVAILABLE", "reason": entry.isReady ? "" : "not ready",
    ]
  }
}
