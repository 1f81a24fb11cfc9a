import CDescriptorPassing
import Dispatch
import Domain
import Encoding
import Glibc
import Synchronization

/// A data plane's control socket: one line of JSON there, one back.
///
/// The calls block, one at a time; `LocalDataPlane` makes them on a thread of their own. A connection that a command left
/// without its whole answer is closed: what came late would be read as the answer to the next. The next command makes
/// another one, to the same process or to none.
final class ControlSocket: Sendable {
  private let path: String
  /// How long to wait for an answer, in seconds.
  private let timeout: Int
  /// The process at the other end: another that listens under the same name later is not the one that was meant.
  let process: Int64
  /// The connection, in step with its other end; nil where the last command left it without its answer.
  ///
  /// Held for the whole of a command, so that nobody reads the answer to another's.
  private let connection: Mutex<Connection?>
  /// How many commands are under way that may take long.
  private let longCommands = Atomic<Int>(0)

  private struct Connection: Sendable {
    let descriptor: OwnedDescriptor
    /// Whether an answer is still to come.
    var isOwed = false
  }

  /// The code of the problem that the process at the other end is not there any more.
  static let goneCode = "plane.gone"
  /// The code of the problem that it does not answer.
  static let silentCode = "plane.silent"

  /// The longest answer: a status that names a few thousand models.
  private static let answerLimit = 4 << 20

  /// Connects; nil where nothing listens at `path`.
  convenience init?(connectingTo path: String, timeout: Int = 60) {
    do { try self.init(connecting: path, timeout: timeout) } catch { return nil }
  }

  /// Connects; throws `plane.gone` where nothing listens at `path`, and `plane.silent` where nobody takes from its queue.
  init(connecting path: String, timeout: Int) throws(Problem) {
    let descriptor = try Self.connect(to: path, timeout)
    self.path = path
    self.timeout = timeout
    process = gatehouse_peer_process(descriptor.number)
    connection = Mutex(Connection(descriptor: descriptor))
  }

  /// Another connection to the same process; throws `plane.gone` where it is not there.
  func another(timeout: Int) throws(Problem) -> ControlSocket {
    let other = try ControlSocket(connecting: path, timeout: timeout)
    guard other.process == process else { throw Self.gone }
    return other
  }

  /// Whether nobody listens at `path`.
  static func isFree(_ path: String) throws(Problem) -> Bool {
    do throws(Problem) { _ = try connect(to: path, 1) } catch {
      guard error.code == goneCode || error.code == silentCode else { throw error }
      return error.code == goneCode
    }
    return false
  }

  /// Whether a command is under way that may take long.
  var isAtLength: Bool { longCommands.load(ordering: .relaxed) > 0 }

  /// Throws `plane.gone` where nothing listens at `path`, and something else where that is not known.
  private static func connect(to path: String, _ timeout: Int) throws(Problem) -> OwnedDescriptor {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw failure("socket") }
    let descriptor = OwnedDescriptor(number)
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let isFitting = unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard bytes.count < target.count else { return false }
      unsafe target.copyBytes(from: bytes)
      return true
    }
    guard isFitting else { throw .systemCall("connect", "speak with the data plane", errno: ENAMETOOLONG) }
    while true {
      let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          unsafe Glibc.connect(number, generic, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 { return descriptor }
      guard errno == EINTR else { throw failure("connect") }
    }
  }

  /// Asks how the data plane stands.
  func status() throws(Problem) -> PlaneStatus {
    try call(.status) { (answer, _) throws(Problem) in
      guard let status = answer["status"].flatMap(PlaneStatus.init(json:)) else {
        throw .unknownAnswer(to: .status)
      }
      return status
    }
  }

  /// Has the data plane read its state again, which is of that generation.
  ///
  /// Throws `plane.generation` where it says that another is live.
  func apply(_ generation: Int) throws(Problem) -> PlaneApplication {
    try call(.apply) { (answer, _) throws(Problem) in
      guard let application = PlaneApplication(json: answer) else { throw .unknownAnswer(to: .apply) }
      guard application.generation == generation else {
        throw Problem(
          .internal, "plane.generation",
          "expected the data plane to serve the state of generation \(generation), found it to serve"
            + " \(application.generation)",
          hint: "see that nothing but this platform writes plane/state.json in the data directory")
      }
      return application
    }
  }

  /// Has the data plane read its state again once it comes to it, also where it hangs now; nobody waits for that.
  ///
  /// What is in its queue it finds there, whether or not the other side has gone.
  func applyLater() throws(Problem) { try Self.send(Self.line(.apply), reconnect(timeout: 1)) }

  /// Asks what was counted of every version.
  func observe() throws(Problem) -> PlaneCounts {
    try call(.observe, [:], Self.counts)
  }

  private static func counts(_ answer: JSON, _: OwnedDescriptor) throws(Problem) -> PlaneCounts {
    guard let counts = answer["counts"].flatMap(PlaneCounts.init(json:)) else {
      throw .unknownAnswer(to: .observe)
    }
    return counts
  }

  /// Has the data plane answer what it has begun, and end.
  func drain() throws(Problem) { try call(.drain) { (_, _) throws(Problem) in } }

  /// Asks for the listening socket of the data plane.
  func receiveListener() throws(Problem) -> OwnedDescriptor { try receive(.listener) }

  /// Asks for the socket of its admin listener.
  func receiveAdminListener() throws(Problem) -> OwnedDescriptor { try receive(.adminListener) }

  /// Asks for rows of a version with what the process answers to them.
  func sample(_ version: VersionReference, _ bundle: Digest) throws(Problem) -> ReplaySample {
    let members: [String: JSON] = [
      "version": .string(version.description), "bundle": .string(bundle.description),
    ]
    return try call(.sample, members) { (answer, _) throws(Problem) in
      let sample = try ReplaySample(json: answer["sample"] ?? .null)
      guard sample.version == version, sample.bundle == bundle else { throw .unknownAnswer(to: .sample) }
      return sample
    }
  }

  /// Asks what the process answers to these rows.
  func replay(_ sample: ReplaySample) throws(Problem) -> [[String: Digest]] {
    try call(.replay, ["sample": sample.json]) { (answer, _) throws(Problem) in
      guard let elements = answer["answers"]?.array else { throw .unknownAnswer(to: .replay) }
      var answers: [[String: Digest]] = []
      for (index, element) in elements.enumerated() {
        answers.append(try ReplayCase.answers(element, at: "/answers/\(index)"))
      }
      return answers
    }
  }

  /// Asks for the digest of the program that runs.
  func program() throws(Problem) -> Digest {
    try call(.program) { (answer, _) throws(Problem) in
      guard let text = answer["program"]?.string else { throw .unknownAnswer(to: .program) }
      return try Digest(parsing: text)
    }
  }

  /// Has a process that is held accept connections.
  func begin() throws(Problem) { try call(.begin) { (_, _) throws(Problem) in } }

  private func receive(_ command: PlaneCommand) throws(Problem) -> OwnedDescriptor {
    try call(command) { (_, connection) throws(Problem) in
      let number = gatehouse_receive_descriptor(connection.number)
      guard number >= 0 else { throw .systemCall("recvmsg", "take over the data plane's listening socket") }
      return OwnedDescriptor(number)
    }
  }

  /// What was counted, over a connection for that alone.
  ///
  /// Throws `plane.silent` where it does not come in time, and goes on waiting for the same answer the next time: a process that hangs has
  /// one connection in its queue, however often it is looked at.
  func examine() throws(Problem) -> PlaneCounts {
    try exchanging(Self.line(.observe), isPatient: true, Self.counts)
  }

  /// Sends a command, waits for its answer and has `take` read it; throws the problem that the data plane answers with.
  ///
  /// Any other error ends the connection. One that the other side has ended is made anew once: it may have given up on us
  /// and live. That can have it do a command twice, which no command minds.
  private func call<Value: Sendable>(
    _ command: PlaneCommand, _ members: [String: JSON] = [:],
    _ take: (JSON, OwnedDescriptor) throws(Problem) -> Value
  ) throws(Problem) -> Value {
    let isLong = [.apply, .sample, .replay, .program].contains(command)
    if isLong { longCommands.add(1, ordering: .relaxed) }
    defer { if isLong { longCommands.subtract(1, ordering: .relaxed) } }
    return try exchanging(Self.line(command, members), take)
  }

  private static func line(_ command: PlaneCommand, _ members: [String: JSON] = [:]) -> [UInt8] {
    let json = JSON.object(members.merging(["command": .string(command.rawValue)]) { $1 })
    return json.canonicalBytes + [UInt8(ascii: "\n")]
  }

  /// Where it is patient, an answer that does not come in time is the answer to the next line, which has to be the same.
  private func exchanging<Value: Sendable>(
    _ line: [UInt8], isPatient: Bool = false, _ take: (JSON, OwnedDescriptor) throws(Problem) -> Value
  ) throws(Problem) -> Value {
    try connection.withLock { (connection) throws(Problem) in
      while true {
        let former = connection
        connection = nil
        var present = if let former { former } else { Connection(descriptor: try reconnect()) }
        let answer: JSON
        do throws(Problem) {
          if !present.isOwed { try Self.send(line, present.descriptor) }
          if isPatient {
            // Nothing of an answer must have been taken that is waited for again.
            present.isOwed = true
            try Self.awaitAnswer(present.descriptor)
            present.isOwed = false
          }
          answer = try Self.receive(present.descriptor)
        } catch {
          if former != nil, error.code == Self.goneCode { continue }
          if present.isOwed, error.code == Self.silentCode { connection = present }
          throw error
        }
        if let problem = answer["problem"].flatMap(Problem.init(json:)) {
          connection = present
          throw problem
        }
        let value = try take(answer, present.descriptor)
        connection = present
        return value
      }
    }
  }

  /// Another connection to the same process; throws `plane.gone` where it is not there.
  private func reconnect(timeout: Int? = nil) throws(Problem) -> OwnedDescriptor {
    let next = try Self.connect(to: path, timeout ?? self.timeout)
    guard gatehouse_peer_process(next.number) == process else { throw Self.gone }
    return next
  }

  private static func awaitAnswer(_ connection: OwnedDescriptor) throws(Problem) {
    var byte: [UInt8] = [0]
    _ = try look(at: connection, &byte)
  }

  /// Waits until something has come, and copies what fits into `piece` without taking it; how much that is.
  private static func look(at connection: OwnedDescriptor, _ piece: inout [UInt8]) throws(Problem) -> Int {
    while true {
      let count = unsafe recv(connection.number, &piece, piece.count, Int32(MSG_PEEK))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw count == 0 ? gone : failure("recv") }
      return count
    }
  }

  private static func receive(_ connection: OwnedDescriptor) throws(Problem) -> JSON {
    let line = try receiveLine(connection)
    do {
      return try JSON(parsing: line)
    } catch {
      throw Problem(
        .internal, "plane.answer", "expected JSON from the data plane, found \(error.found)",
        cause: error.description)
    }
  }

  /// Calls `action` once when the process at the other end is gone.
  ///
  /// No command may be sent after that.
  func whenEnded(_ action: @escaping @Sendable () -> Void) {
    guard let descriptor = connection.withLock({ $0?.descriptor }) else { return action() }
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor.number, queue: .global())
    source.setEventHandler {
      source.cancel()
      action()
    }
    source.setCancelHandler { withExtendedLifetime((self, descriptor)) {} }
    source.resume()
  }

  /// Sends a signal to the process at the other end; false where it has ended.
  ///
  /// For a connection that no commands are sent by, whose end is that of the process: as long as it is open, nobody else
  /// has the process's number.
  func signal(_ number: Int32) throws(Problem) -> Bool {
    try connection.withLock { (connection) throws(Problem) in
      // 0 and what is negative would be others.
      guard let connection = connection?.descriptor, let pid = pid_t(exactly: process), pid > 0,
        !Self.hasEnded(connection)
      else {
        return false
      }
      if kill(pid, number) == 0 { return true }
      guard errno == ESRCH else { throw .systemCall("kill", "end the data plane process \(pid)") }
      return false
    }
  }

  /// Whether the other side has closed a connection by which nothing comes.
  private static func hasEnded(_ connection: OwnedDescriptor) -> Bool {
    var byte: UInt8 = 0
    let count = unsafe recv(connection.number, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
  }

  private static func send(_ line: [UInt8], _ connection: OwnedDescriptor) throws(Problem) {
    var sent = 0
    while sent < line.count {
      let count = unsafe line[sent...].withUnsafeBytes { bytes in
        unsafe Glibc.send(connection.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("send") }
      sent += count
    }
  }

  private static let gone = Problem(
    .unavailable, goneCode, "expected an answer from the data plane, found the connection closed")

  /// What a failed call means: an end at the other side, or a process that is there and says nothing.
  ///
  /// Of what fails on our side, as for want of descriptors, it does not follow that the process has ended.
  private static func failure(_ call: String) -> Problem {
    switch errno {
    case EPIPE, ECONNRESET, ECONNREFUSED, ENOENT: gone
    // Of a connection too: its queue is full, since nobody takes from it.
    case EAGAIN:
      Problem(
        .unavailable, silentCode, "expected an answer from the data plane in time, found none",
        hint: "read plane/runtime.log in the data directory")
    default: .systemCall(call, "speak with the data plane")
    }
  }

  /// Looks before it reads, so that nothing past the line feed, a descriptor least of all, is taken with it.
  private static func receiveLine(_ connection: OwnedDescriptor) throws(Problem) -> [UInt8] {
    var line: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while line.count < answerLimit {
      let seen = try look(at: connection, &piece)
      let end = piece[..<seen].firstIndex(of: UInt8(ascii: "\n"))
      let wanted = end.map { $0 + 1 } ?? seen
      let count = unsafe recv(connection.number, &piece, wanted, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw count == 0 ? gone : failure("recv") }
      line += piece[..<count]
      if end != nil, count == wanted {
        line.removeLast()
        return line
      }
    }
    throw Problem(
      .internal, "plane.answer", "expected at most \(answerLimit) bytes from the data plane, found more")
  }
}

extension Problem {
  fileprivate static func unknownAnswer(to command: PlaneCommand) -> Problem {
    Problem(
      .internal, "plane.answer", "expected an answer to '\(command.rawValue)', found none that is known",
      hint: "build both programs from the same sources")
  }
}
