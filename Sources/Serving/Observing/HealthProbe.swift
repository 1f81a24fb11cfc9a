public import Domain
import Encoding
import Glibc
import NIOCore

/// Asks a data plane whether it is ready, for orchestrators that find that out by running a program in its container:
/// an image has no other.
public enum HealthProbe {
  /// How long each step may take; orchestrators give up after 30 s or sooner.
  private static let seconds = 3
  /// More than the first line of the answer has.
  private static let answerBytes = 512

  /// Asks `/health/ready` on the address of an admin listener.
  ///
  /// Throws `probe.unreachable` where nobody answers, `probe.not-ready` where the answer is another than 200, or
  /// `listen.malformed-address`.
  public static func ask(_ address: String) throws(Problem) {
    let target = try ListeningSocket.parse(address)
    let raw = socket(
      target.protocol == .inet6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { throw unreachable("making a socket", address) }
    let descriptor = Descriptor(owning: raw)
    var patience = timeval(tv_sec: seconds, tv_usec: 0)
    for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
      _ = unsafe setsockopt(raw, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    let status = retryingInterrupts {
      unsafe target.withSockAddr { address, size in unsafe connect(raw, address, socklen_t(size)) }
    }
    guard status == 0 else { throw unreachable("connecting", address) }
    let request = Array("GET /health/ready HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8)
    let sent = retryingInterrupts { unsafe send(raw, request, request.count, CInt(MSG_NOSIGNAL)) }
    guard sent == request.count else { throw unreachable("asking", address) }
    let answer = try statusLine(of: raw, address)
    guard answer.hasPrefix("HTTP/1.1 200 ") else {
      throw Problem(
        .unavailable, "probe.not-ready", "expected status 200, found '\(answer.excerpt(80))'",
        subject: address)
    }
    _ = consume descriptor
  }

  /// The first line of what comes, or as much of it as comes.
  private static func statusLine(of socket: CInt, _ address: String) throws(Problem) -> String {
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: answerBytes)
    while answer.count < answerBytes, !answer.contains(UInt8(ascii: "\r")) {
      let count = retryingInterrupts { unsafe recv(socket, &piece, answerBytes - answer.count, 0) }
      guard count >= 0 else { throw unreachable("waiting for an answer", address) }
      if count == 0 { break }
      answer += piece.prefix(count)
    }
    return String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
  }

  private static func unreachable(_ attempt: String, _ address: String) -> Problem {
    .system(.unavailable, "probe.unreachable", attempt, subject: address)
  }
}
