public import Domain

/// Where moments and spans come from.
public protocol TimeSource: Sendable {
  /// The moment now, by the wall clock.
  func now() -> Timestamp
  /// The time since some fixed moment, by a clock that never goes back.
  func uptime() -> Duration
}

/// Where unpredictable bytes come from: keys and trace ids.
public protocol Entropy: Sendable {
  /// As many bytes as asked for, from a cryptographic source.
  func bytes(_ count: Int) -> [UInt8]
}

/// Where the data plane's program comes from that images are packed with.
public protocol ProgramSource: Sendable {
  /// The bytes of the program.
  func read() async throws(Problem) -> [UInt8]
  /// The record of how it was built (`ProgramBuild`); nil where there is none.
  func build() async throws(Problem) -> [UInt8]?
}

/// The processes that answer predictions, seen from the control plane.
public protocol DataPlane: RuntimeProcesses {
  /// The address that callers reach it under, `http://127.0.0.1:8080`.
  var baseURL: String { get }
  /// The address that metrics and health are answered under, without a key; nil where they are not.
  var adminURL: String? { get }
  /// Makes it serve what `state` says. When this returns, every new request meets that state and no request
  /// was lost on the way; when it throws, the data plane serves what it served before. The state is durable
  /// first, so that a data plane that starts later starts from it.
  func apply(_ state: PlaneState) async throws(Problem)
  /// What the process that serves has given up for good; nil where none serves.
  func confinement() async -> PlaneConfinement?
  /// What the process that serves has counted of every version since it loaded it; nil where none serves.
  func observe() async throws(Problem) -> PlaneCounts?
  /// The same, in seconds and behind nobody else: how the process that serves answers now.
  func examine() async -> PlaneAnswer
}

/// How a data plane answers whoever asks it how it is.
public enum PlaneAnswer: Sendable {
  /// No process serves: one is about to be started.
  case none
  /// Something that takes long is asked of it already.
  case busy
  /// It does not answer.
  case silent(Problem)
  /// It could not be asked, or what it said does not read: what is the matter may lie on this side.
  case unasked(Problem)
  /// What it has counted.
  case counted(PlaneCounts)
}

/// Asks where callers ask.
public protocol ListenerProbe: Sendable {
  /// Asks whoever listens under a URL whether they live; throws `listener.silent` where no answer came within two seconds, and
  /// anything else where they could not be asked.
  func ask(_ baseURL: String) async throws(Problem)
}

extension Problem {
  /// The code of the problem that nobody answers where callers ask.
  public static let listenerSilentCode = "listener.silent"
}

/// Takes it that whoever listens lives.
public struct NoListenerProbe: ListenerProbe {
  /// Asks nobody.
  public init() {}

  /// Asks nobody.
  public func ask(_ baseURL: String) async throws(Problem) {}
}

/// Something that happened to a data plane process.
public struct PlaneEvent: Equatable, Sendable {
  /// What happened.
  public enum Kind: String, Sendable {
    /// A new process serves, where none did.
    case started
    /// A process that outlived its control plane is supervised again.
    case adopted
    /// A new process serves in place of another that was asked to finish.
    case replaced
    /// A process ended that was not asked to.
    case died
    /// Something that is to be served cannot be; the rest is served.
    case broken
    /// No process could be started; it is tried again.
    case failedToStart = "failed-to-start"
  }

  /// What happened.
  public let kind: Kind
  /// The process; 0 where there was none.
  public let process: Int
  /// What else there is to say, one line.
  public let detail: String

  /// Tells what happened to a process.
  public init(kind: Kind, process: Int, detail: String) {
    self.kind = kind
    self.process = process
    self.detail = detail
  }
}

/// Where the data plane's state is kept, so that its processes can start from it by themselves.
public protocol PlaneStateStore: Sendable {
  /// The file that holds the state, for a process to read.
  var path: String { get }
  /// Replaces the state; durable and whole when this returns, the former state when it throws.
  func save(_ state: PlaneState) throws(Problem)
  /// The state that was saved last; nil where there was none.
  func load() throws(Problem) -> PlaneState?
}
