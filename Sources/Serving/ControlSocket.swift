import CDescriptorPassing
public import Domain
import Encoding
import Glibc
import NIOPosix

/// The socket by which the control plane steers a data plane: lines of JSON, one answer a line.
///
/// One thread with blocking calls, apart from the event loops: loading a large model holds up the next
/// command and no prediction. A connection that is kept open tells its other end when this process has died.
public final class ControlSocket: Sendable {
  private static let connections = 16
  /// The longest line: rows to be asked again.
  private static let lineLimit = 4 << 20
  private static let pieceSize = 64 << 10
  /// For how long a held process waits for somebody to speak with: who started it never leaves it alone.
  public static let patience = Duration.seconds(10)

  private let listener: CInt
  /// Who may speak here.
  private let owner: uid_t
  /// A pipe: closing the one end wakes the thread for good.
  private let wake: (read: CInt, write: CInt)
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let plane: RunningPlane
  private let drain: @Sendable () -> Void
  private let patience: Duration

  /// The socket with its name, which nobody answers yet.
  public struct Listener: Sendable {
    fileprivate let descriptor: CInt
    fileprivate let owner: uid_t

    /// Listens at `path`, mode 0600, for the user alone that this process has now.
    ///
    /// A socket that a dead process left there is replaced. Throws `control.in-use` where one answers, and
    /// `control.failed`.
    public init(path: String) throws(Problem) {
      owner = geteuid()
      descriptor = try ControlSocket.bind(path)
    }
  }

  /// Answers on a socket of its own, see `Listener`.
  public convenience init(path: String, plane: RunningPlane, drain: @escaping @Sendable () -> Void)
    throws(Problem)
  {
    try self.init(try Listener(path: path), plane: plane, drain: drain)
  }

  /// Answers on a socket that it takes over.
  ///
  /// `drain` is called when the plane is asked to end, and when it is held and nobody has been connected for so long.
  public init(
    _ listener: Listener, plane: RunningPlane, patience: Duration = patience,
    drain: @escaping @Sendable () -> Void
  ) throws(Problem) {
    self.patience = patience
    self.plane = plane
    self.drain = drain
    self.listener = listener.descriptor
    owner = listener.owner
    var ends: [CInt] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .system(.unavailable, "control.failed", "making a pipe") }
    wake = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    pool.start()
    pool.submit { [self] state in
      if state == .active { serve() }
    }
  }

  /// Answers nobody any more; for a process that ends now.
  ///
  /// Blocks until the last answer is out. The socket's name stays: by now it may be a successor's, and `bind`
  /// replaces one that nobody answers.
  public func finish() {
    _ = close(wake.write)
    pool.finishWork()
    _ = close(wake.read)
    _ = close(listener)
  }

  /// The same, and ends the thread.
  public func stop() {
    finish()
    try? pool.syncShutdownGracefully()
  }

  private func serve() {
    var clients: [Client] = []
    var aloneSince = Clock.monotonic()
    while true {
      var polled = [wake.read, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      // With as many clients as there may be, others wait in the socket's queue.
      if clients.count >= Self.connections { polled[1].events = 0 }
      polled += clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      // Nobody is left who could have a held process begin: it ends, so that none stays behind.
      let waits = plane.isHeld && clients.isEmpty
      let left = patience.nanoseconds - (Clock.monotonic() - aloneSince)
      if waits, left <= 0 { return drain() }
      let timeout = waits ? CInt(clamping: left / 1_000_000 + 1) : -1
      let ready = retryingInterrupts { unsafe poll(&polled, nfds_t(polled.count), timeout) }
      if ready < 0 || polled[0].revents != 0 { break }
      for index in clients.indices.reversed() where polled[index + 2].revents != 0 {
        guard !receive(&clients[index]) else { continue }
        _ = close(clients[index].descriptor)
        clients.remove(at: index)
        if clients.isEmpty { aloneSince = Clock.monotonic() }
      }
      if polled[1].revents != 0, let client = accept() { clients.append(client) }
    }
    for client in clients { _ = close(client.descriptor) }
  }

  private struct Client {
    let descriptor: CInt
    var line: [UInt8] = []
  }

  private func accept() -> Client? {
    let raw = Glibc.accept(listener, nil, nil)
    guard raw >= 0 else { return nil }
    _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
    // The mode of the socket keeps others out already; this holds where a directory was opened too far.
    guard gatehouse_peer_user(raw) == Int64(owner) else {
      _ = close(raw)
      return nil
    }
    // A client that does not read must not hold up the thread for long.
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return Client(descriptor: raw)
  }

  /// Takes in what a client sent and answers every whole line; says whether the connection goes on.
  private func receive(_ client: inout Client) -> Bool {
    var chunk = [UInt8](repeating: 0, count: Self.pieceSize)
    let descriptor = client.descriptor
    let count = retryingInterrupts {
      unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    }
    guard count > 0 else { return false }
    client.line += chunk.prefix(count)
    guard chunk.prefix(count).contains(UInt8(ascii: "\n")) else { return client.line.count <= Self.lineLimit }
    while let end = client.line.firstIndex(of: UInt8(ascii: "\n")) {
      let line = Array(client.line[..<end])
      client.line.removeSubrange(...end)
      guard answer(line, to: descriptor) else { return false }
    }
    return client.line.count <= Self.lineLimit
  }

  private func answer(_ line: [UInt8], to descriptor: CInt) -> Bool {
    do throws(Problem) {
      let (command, members) = try PlaneCommand.read(line)
      switch command {
      case .status: return send(["ok": true, "status": plane.status.json], to: descriptor)
      case .apply:
        let application = try plane.apply()
        var members = application.json
        members["ok"] = .bool(application.failures.isEmpty)
        return send(.object(members), to: descriptor)
      case .listener:
        return try plane.withListener { listener in
          send(["ok": true], to: descriptor) && gatehouse_send_descriptor(descriptor, listener) == 0
        }
      case .adminListener:
        return try plane.withAdminListener { listener in
          send(["ok": true], to: descriptor) && gatehouse_send_descriptor(descriptor, listener) == 0
        }
      case .observe:
        return send(["ok": true, "counts": plane.counts.json], to: descriptor)
      case .drain:
        let isSent = send(["ok": true], to: descriptor)
        drain()
        return isSent
      case .sample, .replay, .program, .begin:
        return send(try plane.answer(command, members), to: descriptor)
      }
    } catch {
      return send(["ok": false, "problem": error.json], to: descriptor)
    }
  }

  private func send(_ answer: JSON, to descriptor: CInt) -> Bool {
    let line = answer.canonicalBytes + [UInt8(ascii: "\n")]
    var sent = 0
    while sent < line.count {
      let count = retryingInterrupts {
        unsafe line.withUnsafeBytes { bytes in
          unsafe Glibc.send(
            descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
            CInt(MSG_NOSIGNAL))
        }
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  // MARK: The socket

  private static func bind(_ path: String) throws(Problem) -> CInt {
    let descriptor = Descriptor(owning: try makeSocket())
    guard var address = sockaddr_un(path: path) else {
      throw Problem(
        .usage, "control.path-too-long", "expected a path of at most 107 bytes, found \(path.utf8.count)",
        subject: path)
    }
    if unsafe address.call(connect, descriptor.rawValue) == 0 {
      throw Problem(
        .conflict, "control.in-use", "expected a path where nothing listens, found that a process answers",
        subject: path)
    }
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { _ = unsafe unlink(path) }
    // A socket that failed to connect is not bound again.
    let fresh = Descriptor(owning: try makeSocket())
    // On Linux the mode of the descriptor becomes that of the file; there is no moment with another.
    guard fchmod(fresh.rawValue, 0o600) == 0, unsafe address.call(Glibc.bind, fresh.rawValue) == 0,
      listen(fresh.rawValue, CInt(connections)) == 0
    else { throw .system(.unavailable, "control.failed", "listening on the control socket", subject: path) }
    return fresh.release()
  }

  private static func makeSocket() throws(Problem) -> CInt {
    let raw = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { throw .system(.unavailable, "control.failed", "making a socket") }
    return raw
  }
}

extension PlaneCommand {
  /// The command of a line, and the whole of the line.
  static func read(_ line: [UInt8]) throws(Problem) -> (PlaneCommand, JSON) {
    let json = try? JSON(parsing: line, limits: JSONLimits(depth: 8, values: 1 << 16))
    guard let name = json?["command"]?.string, let command = PlaneCommand(rawValue: name) else {
      let known = PlaneCommand.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw Problem(
        .badInput, "control.unknown-command", "expected {\"command\": …} with one of \(known), found another")
    }
    return (command, json ?? .null)
  }
}

extension sockaddr_un {
  /// The address of a path; nil where it does not fit with the zero at its end.
  fileprivate init?(path: String) {
    self.init()
    sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let isFitting = unsafe withUnsafeMutableBytes(of: &sun_path) { field in
      guard bytes.count < field.count, !bytes.contains(0) else { return false }
      unsafe field.copyBytes(from: bytes)
      return true
    }
    guard isFitting else { return nil }
  }

  /// Calls `connect` or `bind` with this address.
  fileprivate mutating func call(
    _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ descriptor: CInt
  ) -> CInt {
    unsafe withUnsafePointer(to: &self) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe function(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
