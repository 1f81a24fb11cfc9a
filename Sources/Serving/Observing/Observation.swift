import Domain
import Encoding
import NIOConcurrencyHelpers
import NIOCore

/// What a connection, or one stream of it, does at a moment.
struct Observation: Sendable {
  enum Phase: String, Sendable, CaseIterable {
    /// Between requests, or in a head.
    case idle
    /// A body comes in.
    case receiving
    /// The answer is computed, or waits for a thread or its record.
    case working
    /// The last answer is out, the caller has not ended yet.
    case closing

    /// Where a connection of HTTP/1.1, or a stream that is one request, stands.
    init(_ phase: ConnectionMachine.Phase) {
      self =
        switch phase {
        case .idle: .idle
        case .body: .receiving
        case .working: .working
        case .closing, .lingering: .closing
        }
    }
  }

  /// The request that is under way.
  struct Request: Sendable {
    let trace: String
    let request: String?
    let deployment: ModelName?
    let version: Int?
    /// Nanoseconds since its head had come in.
    let age: Int

    init(_ draft: AccessDraft) {
      trace = draft.record.trace
      request = draft.record.request
      deployment = draft.record.deployment
      version = draft.record.version
      age = Clock.monotonic() - draft.start
    }
  }

  let transport: RequestTransport
  /// Whether it is a connection; else one stream of it.
  let isConnection: Bool
  let phase: Phase
  /// Whether the caller does not read what is written to it.
  let isUnread: Bool
  let request: Request?
}

/// Who can say what it does; asked on its event loop.
protocol Observed: AnyObject {
  var observation: Observation { get }
  /// What its streams do that are not asked themselves.
  var streamObservations: [Observation] { get }
}

extension Observed {
  var streamObservations: [Observation] { [] }
}

/// What all connections of a plane do at about one moment.
struct PlaneObservation: Sendable {
  var observations: [Observation] = []
  /// How many event loops there are, and how many of them said in time what their connections do.
  var loops = 0
  var answeringLoops = 0

  var connections: [Observation] { observations.filter(\.isConnection) }
  var requests: [(observation: Observation, request: Observation.Request)] {
    observations.compactMap { observation in observation.request.map { (observation, $0) } }
  }

  /// How long an event loop may take to answer.
  private static let patience = TimeAmount.milliseconds(500)

  /// Asks every loop; one that is held up does not hold up the answer.
  static func take(_ plane: DataPlane, on eventLoop: any EventLoop) -> EventLoopFuture<PlaneObservation> {
    let loops = plane.loops.withLockedValue { $0 }
    let promise = eventLoop.makePromise(of: PlaneObservation.self)
    let gathering = NIOLoopBound(Gathering(promise, loops.count), eventLoop: eventLoop)
    for loop in loops {
      loop.eventLoop.execute {
        let observations = loop.value.observations
        eventLoop.execute { gathering.value.add(observations) }
      }
    }
    eventLoop.scheduleTask(in: patience) { gathering.value.end() }
    return promise.futureResult
  }

  private final class Gathering {
    private var promise: EventLoopPromise<PlaneObservation>?
    private var gathered = PlaneObservation()

    init(_ promise: EventLoopPromise<PlaneObservation>, _ loops: Int) {
      self.promise = promise
      gathered.loops = loops
      if loops == 0 { end() }
    }

    func add(_ observations: [Observation]) {
      gathered.observations += observations
      gathered.answeringLoops += 1
      if gathered.answeringLoops == gathered.loops { end() }
    }

    func end() {
      promise?.succeed(gathered)
      promise = nil
    }
  }
}

/// A loop of a plane, to be asked on its own thread.
struct ObservedLoop: Sendable {
  let eventLoop: any EventLoop
  private let box: NIOLoopBoundBox<ConnectionStarter>

  init(_ box: NIOLoopBoundBox<ConnectionStarter>, on eventLoop: any EventLoop) {
    self.box = box
    self.eventLoop = eventLoop
  }

  var starter: ConnectionStarter { box.value }
  var value: PlaneLoop { box.value.loop }
}
