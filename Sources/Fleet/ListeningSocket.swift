public import Domain
import Glibc

/// The address that callers reach the data plane under.
public struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
  /// An IPv4 address in dotted form.
  public let host: String
  /// The port, 0 for one that the kernel picks.
  public let port: Int

  /// Reads `127.0.0.1:8080`.
  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var address = in_addr()
    guard parts.count == 2, let port = UInt16(parts[1]),
      unsafe inet_pton(AF_INET, String(parts[0]), &address) == 1
    else {
      throw Problem(
        .usage, "address.malformed",
        "expected an IPv4 address and a port such as 127.0.0.1:8080, found '\(text.prefix(80))'")
    }
    self.host = String(parts[0])
    self.port = Int(port)
  }

  private init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Whether only processes on this machine can reach it.
  public var isLoopback: Bool { host.hasPrefix("127.") }

  /// The address and the port, `127.0.0.1:8080`.
  public var description: String { "\(host):\(port)" }

  /// Finds out whether this process may listen here, and lets go again.
  public func probe() throws(Problem) { _ = try ListeningSocket(binding: self) }

  /// The same host with another port.
  func withPort(_ port: Int) -> ListenAddress { ListenAddress(host: host, port: port) }
}

/// A bound, listening TCP socket that outlives the processes that accept from it.
///
/// One queue of connections for all of them: while one process gives way to the next, a connection waits in
/// the kernel instead of being refused.
struct ListeningSocket: Sendable {
  let descriptor: OwnedDescriptor
  /// The address that it is bound to, the port as the kernel gave it.
  let address: ListenAddress

  /// Takes over a socket that listens already.
  init(descriptor: OwnedDescriptor, address: ListenAddress) {
    self.descriptor = descriptor
    self.address = address
  }

  /// Binds and listens.
  init(binding wanted: ListenAddress) throws(Problem) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw .systemCall("socket", "open a TCP socket") }
    let descriptor = OwnedDescriptor(number)
    var yes: Int32 = 1
    unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(wanted.port).bigEndian
    _ = unsafe inet_pton(AF_INET, wanted.host, &address.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(number, generic, length) == 0 && listen(number, 1024) == 0
          && getsockname(number, generic, &length) == 0
      }
    }
    guard bound else {
      var problem = Problem.systemCall("bind", "listen on \(wanted)")
      problem.hint = "stop what listens there, or choose another address with --listen"
      throw problem
    }
    self.descriptor = descriptor
    self.address = wanted.withPort(Int(UInt16(bigEndian: address.sin_port)))
  }
}
