import CSpawn
import Domain
import Glibc
import Inference

/// One running `gatehouse-onnx`, and the socket to it.
///
/// Ended when the last reference goes; the engine ends by itself where this process does.
final class EngineProcess {
  private let pid: pid_t
  private let socket: CInt
  /// Who started the process, and is its parent; nil where this process is.
  private let spawner: EngineSpawner?
  private var isReaped = false

  /// Why a frame did not come or go.
  enum Fault: Error {
    case deadline
    case ended
    case malformed
  }

  /// Has the program started by another process.
  init(_ spawner: EngineSpawner, program: String, _ numbers: EngineSpawner.Numbers) throws(Problem) {
    var pid = pid_t()
    var socket: CInt = -1
    let code = spawner.start(numbers, process: &pid, channel: &socket)
    guard code == 0 else {
      throw Problem.engineAbsent(
        "found that \(program) does not start", cause: unsafe String(cString: strerror(code)))
    }
    self.pid = pid
    self.socket = socket
    self.spawner = spawner
  }

  /// Starts the program; nothing of this process but the socket reaches it.
  init(program: String, arguments: [String]) throws(Problem) {
    var ends: [CInt] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Problem(
        .unavailable, "engine.failed", "expected a pair of sockets for the engine, found none",
        cause: unsafe String(cString: strerror(errno)))
    }
    var pid = pid_t()
    let code = unsafe withCStrings([program] + arguments) { pointers in
      unsafe gatehouse_spawn(program, pointers, [ends[1]], 1, "/dev/null", &pid)
    }
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw Problem.engineAbsent(
        "found no program \(program)", cause: unsafe String(cString: strerror(code)))
    }
    self.pid = pid
    self.socket = ends[0]
    spawner = nil
  }

  deinit { end() }

  /// Ends the process, whatever it does.
  func end() {
    guard !isReaped else { return }
    isReaped = true
    close(socket)
    if let spawner { return spawner.end(pid) }
    kill(pid, SIGKILL)
    var status: CInt = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  // MARK: - Frames

  /// Sends a frame; `deadline` is in milliseconds of the clock that nobody sets.
  func send(_ frame: EngineFrame, deadline: Int) throws(Fault) {
    try send(frame.head, deadline: deadline)
    try send(frame.payload, deadline: deadline)
  }

  private func send(_ bytes: [UInt8], deadline: Int) throws(Fault) {
    var sent = 0
    while sent < bytes.count {
      try wait(for: CInt(POLLOUT), deadline: deadline)
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          socket, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
          CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { throw .ended }
      sent += count
    }
  }

  /// Waits for the next frame.
  func receive(deadline: Int) throws(Fault) -> EngineFrame {
    let head = try receive(EngineFrame.headBytes, deadline: deadline)
    guard let (kind, sequence, count) = EngineFrame.parse(head: head) else { throw .malformed }
    return EngineFrame(
      kind: kind, sequence: sequence, payload: try receive(count, deadline: deadline))
  }

  /// Receives exactly so many bytes; memory is taken as they come, not as they are announced.
  private func receive(_ count: Int, deadline: Int) throws(Fault) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: min(count, 1 << 20))
    while bytes.count < count {
      try wait(for: CInt(POLLIN), deadline: deadline)
      let size = min(part.count, count - bytes.count)
      let got = unsafe part.withUnsafeMutableBytes { buffer in
        unsafe recv(socket, buffer.baseAddress, size, CInt(MSG_DONTWAIT))
      }
      if got < 0, errno == EINTR || errno == EAGAIN { continue }
      guard got > 0 else { throw .ended }
      bytes += part[..<got]
    }
    return bytes
  }

  private func wait(for events: CInt, deadline: Int) throws(Fault) {
    while true {
      let left = deadline - Self.now()
      guard left > 0 else { throw .deadline }
      var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
      let count = unsafe poll(&descriptor, 1, CInt(clamping: left))
      if count > 0 { return }
      guard count == 0 || errno == EINTR else { throw .ended }
    }
  }

  /// Milliseconds of a clock that nobody sets.
  static func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
