public import Domain
import Glibc
import NIOCore

/// A socket that accepts connections; it may be shared with other processes.
///
/// The socket lives as long as any process holds a descriptor of it, so that connections that nobody has
/// accepted yet wait for the next process. It is therefore only ever closed here, never shut down.
public struct ListeningSocket: Sendable {
  /// The descriptor.
  public let descriptor: CInt
  /// The address it is bound to, `127.0.0.1:8080`; an IPv6 address stands in brackets.
  public let address: String

  private static let backlog: CInt = 1024

  /// How many bytes the system keeps of a connection that it could not send yet; beyond it the connection takes no more.
  ///
  /// Left to itself it grows to 4 MiB a connection, so that who never reads has thousands of answers computed first. What
  /// is on its way to the caller is not counted, so that long ways are as fast.
  static let unsentBytes: CInt = 128 << 10

  /// Binds an address `HOST:PORT` with a numeric host; port 0 takes a free one.
  ///
  /// Throws `listen.malformed-address` or `listen.failed`.
  public init(address: String) throws(Problem) {
    let target = try Self.parse(address)
    let raw = socket(
      target.protocol == .inet6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { throw .system(.unavailable, "listen.failed", "making a socket", subject: address) }
    let descriptor = Descriptor(owning: raw)
    var on: CInt = 1
    // So that a restart need not wait for the last connections of the process before.
    _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
    let bound = unsafe target.withSockAddr { address, size in unsafe bind(raw, address, socklen_t(size)) }
    guard bound == 0 else {
      throw Self.failed("binding the address", address, hint: errno == EADDRINUSE ? inUse : nil)
    }
    guard listen(raw, Self.backlog) == 0 else { throw Self.failed("listening", address) }
    self = try ListeningSocket(inherited: descriptor.rawValue)
    _ = descriptor.release()
  }

  /// Takes over a listening socket that a parent has opened.
  ///
  /// Throws `listen.not-a-socket` where the descriptor is not a listening stream socket.
  public init(inherited descriptor: CInt) throws(Problem) {
    var accepts: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0, accepts == 1 else {
      throw Problem(
        .usage, "listen.not-a-socket",
        "expected descriptor \(descriptor) to be a listening socket, found that it is none")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // Connections have it from the socket that accepts them. Where the system does not know it, its own bound holds.
    var unsent = Self.unsentBytes
    _ = unsafe setsockopt(
      descriptor, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, socklen_t(MemoryLayout<CInt>.size))
    self.descriptor = descriptor
    self.address = try Self.boundAddress(of: descriptor)
  }

  /// Another descriptor of the same socket.
  func duplicate() throws(Problem) -> CInt {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .system(.unavailable, "listen.failed", "duplicating the socket") }
    return copy
  }

  /// Restores the length of the queue of connections, which NIO sets to 128 when it takes a socket.
  func restoreBacklog() { _ = listen(descriptor, Self.backlog) }

  /// Lets go of the socket; others that hold it go on.
  func close() { _ = Glibc.close(descriptor) }

  /// Reads an address `HOST:PORT` with a numeric host; throws `listen.malformed-address`.
  static func parse(_ address: String) throws(Problem) -> SocketAddress {
    let bytes = address.utf8
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")),
      let port = UInt16(String(address[bytes.index(after: colon)...]))
    else { throw malformed(address) }
    var host = address[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host == "localhost" { host = "127.0.0.1" }
    do { return try SocketAddress(ipAddress: String(host), port: Int(port)) } catch {
      throw malformed(address)
    }
  }

  private static func malformed(_ address: String) -> Problem {
    Problem(
      .usage, "listen.malformed-address",
      "expected an address such as 127.0.0.1:8080 or [::1]:8080, found '\(address.prefix(80))'")
  }

  private static func boundAddress(of descriptor: CInt) throws(Problem) -> String {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe getsockname(descriptor, address, &size)
      }
    }
    guard status == 0 else { throw .system(.unavailable, "listen.failed", "asking for the socket's address") }
    let family = CInt(storage.ss_family)
    let address: SocketAddress? = unsafe withUnsafePointer(to: &storage) { pointer in
      switch family {
      case AF_INET:
        unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          unsafe SocketAddress($0.pointee)
        }
      case AF_INET6:
        unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          unsafe SocketAddress($0.pointee)
        }
      default: nil
      }
    }
    guard let address, let host = address.ipAddress, let port = address.port else {
      throw Problem(.usage, "listen.not-a-socket", "expected a socket of IPv4 or IPv6, found another")
    }
    return address.protocol == .inet6 ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private static func failed(_ attempt: String, _ address: String, hint: String? = nil) -> Problem {
    var problem = Problem.system(.unavailable, "listen.failed", attempt, subject: address)
    problem.hint = hint
    return problem
  }
}

private let inUse = "stop what listens there, or choose another port"
