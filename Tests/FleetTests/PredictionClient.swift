import Dispatch
import Foundation
import Glibc

/// A caller that asks one question after another on one connection, by a socket of its own.
final class PredictionClient {
  /// An answer that came in whole.
  struct Answer: Sendable {
    let status: Int
    let receipt: String?
    let body: String
  }

  private let port: Int
  private let key: String
  private var descriptor: Int32 = -1

  init(_ url: String, key: String) throws {
    port = URL(string: url)?.port ?? 0
    self.key = key
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Asks; nil where no whole answer came, and the next question goes over a new connection.
  func predict(_ model: String) -> Answer? {
    if descriptor < 0 { descriptor = Self.connected(to: port) }
    guard descriptor >= 0 else { return nil }
    let body = #"{"data": [5.9, 3.0, 5.1, 1.8]}"#
    let head = """
      POST /models/\(model)/predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(key)\r\n\
      Content-Length: \(body.utf8.count)\r\n\r\n
      """
    let request = Array((head + body).utf8)
    guard unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
      let answer = receive()
    else {
      close(descriptor)
      descriptor = -1
      return nil
    }
    return answer
  }

  private func receive() -> Answer? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        var fields: [String: String] = [:]
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        for line in lines.dropFirst() {
          guard let colon = line.firstIndex(of: ":") else { continue }
          fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
            in: .whitespaces)
        }
        let body = text[end.upperBound...]
        if let length = fields["content-length"].flatMap({ Int($0) }), body.utf8.count >= length {
          let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
          return Answer(status: status, receipt: fields["gatehouse-receipt"], body: String(body))
        }
      }
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  private static func connected(to port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      return -1
    }
    return descriptor
  }
}
