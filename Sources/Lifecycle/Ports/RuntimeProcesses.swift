public import Domain

/// A process of a data plane, as it says of itself.
public struct PlaneProcess: Equatable, Sendable {
  /// Its number.
  public let process: Int
  /// A random name that no other process of a data plane has had.
  public let instance: String
  /// Since when it has been ready.
  public let startedAt: Timestamp
  /// The digest of the program that it runs; nil where it does not say.
  public let program: Digest?
  /// The version of that program.
  public let version: String
  /// What it serves, or would.
  public let models: [PlaneStatus.Model]
  /// The undertaking that put it in the place of another; nil where none did.
  public let repave: String?
  /// What its connections are secured by; nil where they are in the clear, or it does not say.
  public var certificate: PlaneCertificate?

  /// States what a process says.
  public init(
    process: Int, instance: String, startedAt: Timestamp, program: Digest?, version: String,
    models: [PlaneStatus.Model], repave: String?
  ) {
    self.process = process
    self.instance = instance
    self.startedAt = startedAt
    self.program = program
    self.version = version
    self.models = models
    self.repave = repave
  }

  /// States what a status says.
  public init(_ status: PlaneStatus, program: Digest?) {
    self.init(
      process: status.process, instance: status.instance, startedAt: status.startedAt, program: program,
      version: status.version, models: status.models, repave: status.isHeld ? nil : status.heldFor)
    certificate = status.certificate
  }
}

/// How the process that serves stands when another is made ready to take its place.
public enum FormerProcess: Sendable {
  /// It answers whoever steers it: it is asked what it serves, and to end.
  case answering
  /// It does not answer them: nothing is asked of it, and a signal tells it to end what it has begun.
  case silent
  /// Nor does anybody answer callers: it is not waited for long.
  case lost
}

/// The processes behind a data plane, and how one takes the place of another, step by step.
///
/// What is true after a crash between any two steps is in `docs/repave.md`.
public protocol RuntimeProcesses: Sendable {
  /// The process that serves; nil where none does at the moment.
  func process() async throws(Problem) -> PlaneProcess?
  /// The same, as it said when it began to serve or was taken over: it is asked nothing.
  func known() async -> PlaneProcess?
  /// Starts a process that loads and verifies everything and accepts nothing; one that was made ready before is ended.
  ///
  /// Keeps no state from being applied meanwhile, which ends it: throws `plane.other-state` then, and later steps
  /// `plane.no-successor`.
  ///
  /// Where the process that serves does not answer, nobody knows whether the new one serves all that it does: it serves what
  /// the state says, as after a death.
  func prepareSuccessor(
    under trace: String, beside former: FormerProcess
  ) async throws(Problem) -> PlaneProcess
  /// Rows of a version with what the process that serves answers to them.
  func sample(_ model: PlaneStatus.Model) async throws(Problem) -> ReplaySample
  /// What the process that was made ready answers to them; throws `plane.no-successor` where there is none.
  func replay(_ sample: ReplaySample) async throws(Problem) -> [[String: Digest]]
  /// Has the process that was made ready accept connections beside the one that serves, whose successor it is from here on.
  ///
  /// Where this throws it accepts none, nor will it. Throws `plane.no-successor` where there is none, and
  /// `plane.other-process` where another serves than the one it was made ready beside.
  func begin() async throws(Problem)
  /// Asks the former process to accept nothing any more, to answer what it has begun, and to end.
  func retireFormer() async
  /// Ends the process that was made ready, where there is one that has not begun.
  func dismissSuccessor() async
  /// The process that came to serve in an undertaking, whatever became of it since this data plane was opened; nil where it is
  /// not known that one did.
  func process(of trace: String) async -> PlaneProcess?
}

extension RuntimeProcesses {
  /// Starts a process that loads and verifies everything and accepts nothing, beside one that answers.
  public func prepareSuccessor(under trace: String) async throws(Problem) -> PlaneProcess {
    try await prepareSuccessor(under: trace, beside: .answering)
  }
}

extension Problem {
  /// Nobody made a process ready, or it is gone.
  public static let noSuccessor = Problem(
    .conflict, "plane.no-successor", "expected a process that was made ready, found none")

  /// What is to be served became another while a process was made ready for what it was.
  public static let otherState = Problem(
    .conflict, "plane.other-state",
    "expected nothing that is served to change while a process was made ready, found that it did",
    hint: "repave again when fewer acts are under way")

  /// The process that serves came to do so while another was made ready.
  public static let otherProcess = Problem(
    .conflict, "plane.other-process",
    "expected the process that served when its successor was made ready, found another or none",
    hint: "see runtime.log for why it ended, and repave again")
}
