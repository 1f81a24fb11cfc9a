import CDescriptorPassing
import Dispatch
import Domain
import Encoding
import Glibc

/// A connection to a data plane's control socket: one line of JSON there, one back.
///
/// The calls block; `LocalDataPlane` makes them on a thread of their own. The connection ends when the
/// process does, which is how its death is noticed.
final class ControlSocket: Sendable {
  private let descriptor: OwnedDescriptor

  /// The code of the problem that the process at the other end is not there any more.
  static let goneCode = "plane.gone"

  /// The longest answer: a status that names a few thousand models.
  private static let answerLimit = 4 << 20

  /// Connects; nil where nothing listens at `path`.
  init?(connectingTo path: String, timeout: Int = 60) {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { return nil }
    descriptor = OwnedDescriptor(number)
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
    guard isFitting else { return nil }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe connect(number, generic, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { return nil }
  }

  /// Asks how the data plane stands.
  func status() throws(Problem) -> PlaneStatus {
    guard let status = try call(.status)["status"].flatMap(PlaneStatus.init(json:)) else {
      throw .unknownAnswer(to: .status)
    }
    return status
  }

  /// Has the data plane read its state again.
  func apply() throws(Problem) -> PlaneApplication {
    guard let application = PlaneApplication(json: try call(.apply)) else { throw .unknownAnswer(to: .apply) }
    return application
  }

  /// Has the data plane answer what it has begun, and end.
  func drain() throws(Problem) { _ = try call(.drain) }

  /// Sends a command and waits for its answer; throws the problem that the data plane answers with.
  private func call(_ command: PlaneCommand) throws(Problem) -> JSON {
    try send(command)
    let line = try receiveLine()
    let answer: JSON
    do {
      answer = try JSON(parsing: line)
    } catch {
      throw Problem(
        .internal, "plane.answer", "expected JSON from the data plane, found \(error.found)",
        cause: error.description)
    }
    if let problem = answer["problem"].flatMap(Problem.init(json:)) { throw problem }
    return answer
  }

  /// Asks for the listening socket of the data plane.
  func receiveListener() throws(Problem) -> OwnedDescriptor { try receive(.listener) }

  /// Asks for the socket of its admin listener.
  func receiveAdminListener() throws(Problem) -> OwnedDescriptor { try receive(.adminListener) }

  private func receive(_ command: PlaneCommand) throws(Problem) -> OwnedDescriptor {
    _ = try call(command)
    let number = gatehouse_receive_descriptor(descriptor.number)
    guard number >= 0 else { throw .systemCall("recvmsg", "take over the data plane's listening socket") }
    return OwnedDescriptor(number)
  }

  /// Calls `action` once when the process at the other end is gone.
  ///
  /// No command may be sent after that.
  func whenEnded(_ action: @escaping @Sendable () -> Void) {
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor.number, queue: .global())
    source.setEventHandler {
      source.cancel()
      action()
    }
    source.setCancelHandler { withExtendedLifetime(self) {} }
    source.resume()
  }

  private func send(_ command: PlaneCommand) throws(Problem) {
    let line = Array((["command": .string(command.rawValue)] as JSON).canonicalBytes) + [UInt8(ascii: "\n")]
    var sent = 0
    while sent < line.count {
      let count = unsafe line[sent...].withUnsafeBytes { bytes in
        unsafe Glibc.send(descriptor.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure("send") }
      sent += count
    }
  }

  private static let gone = Problem(
    .unavailable, goneCode, "expected an answer from the data plane, found the connection closed")

  /// What a failed call means: an end at the other side, or a process that is there and says nothing.
  private static func failure(_ call: String) -> Problem {
    switch errno {
    case EPIPE, ECONNRESET: gone
    case EAGAIN:
      Problem(
        .unavailable, "plane.silent", "expected an answer from the data plane within a minute, found none",
        hint: "read plane/runtime.log in the data directory")
    default: .systemCall(call, "speak with the data plane")
    }
  }

  /// Reads byte by byte, so that nothing past the line feed, a descriptor least of all, is taken with it.
  private func receiveLine() throws(Problem) -> [UInt8] {
    var line: [UInt8] = []
    while line.count < Self.answerLimit {
      var byte: UInt8 = 0
      let count = unsafe recv(descriptor.number, &byte, 1, 0)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { throw count == 0 ? Self.gone : Self.failure("recv") }
      if byte == UInt8(ascii: "\n") { return line }
      line.append(byte)
    }
    throw Problem(
      .internal, "plane.answer", "expected at most \(Self.answerLimit) bytes from the data plane, found more")
  }
}

extension Problem {
  fileprivate static func unknownAnswer(to command: PlaneCommand) -> Problem {
    Problem(
      .internal, "plane.answer", "expected an answer to '\(command.rawValue)', found none that is known",
      hint: "build both programs from the same sources")
  }
}
