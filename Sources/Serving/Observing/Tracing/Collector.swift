public import Domain
import Encoding
import NIOSSL

/// A collector of spans, and how it is spoken to.
public struct Collector: Sendable {
  /// Bytes of a file of header fields, and how many fields there are in it at most.
  private static let fieldsLimit = 16 << 10
  private static let mostFields = 32

  let address: CollectorAddress
  /// Header fields of every request, such as the collector's key.
  let fields: [(name: String, value: String)]
  /// What its certificate is held against; nil where it is spoken to in the clear.
  let security: NIOSSLContext?

  /// Reads the file of header fields, `Name: value` a line, and that of the authorities, PEM, where they are named.
  ///
  /// Without authorities those of the machine are trusted. Throws `otlp.…` and `file.…` problems.
  public init(_ address: CollectorAddress, fieldsPath: String? = nil, authoritiesPath: String? = nil)
    throws(Problem)
  {
    self.address = address
    fields = try fieldsPath.map { path throws(Problem) in try Self.fields(path) } ?? []
    guard address.isSecure else {
      security = nil
      return
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do {
      if let authoritiesPath {
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authoritiesPath))
      }
      security = try NIOSSLContext(configuration: configuration)
    } catch {
      throw Problem(
        .usage, "otlp.authorities", "expected certificates in PEM to trust the collector by, found none",
        subject: authoritiesPath, cause: "\(error)")
    }
  }

  /// No value is quoted in a problem: it may be a secret.
  private static func fields(_ path: String) throws(Problem) -> [(name: String, value: String)] {
    let bytes = try BoundedFile.read(path: path, limit: fieldsLimit, isTrusted: true)
    var fields: [(name: String, value: String)] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") }
      guard parts.count == 2, fields.count < mostFields, parts[0].allSatisfy(isTokenByte) else {
        throw malformed(path, index)
      }
      var value = parts[1].drop(while: isBlank)
      while let last = value.last, isBlank(last) { value.removeLast() }
      guard !value.isEmpty, value.allSatisfy({ 0x20...0x7E ~= $0 }) else { throw malformed(path, index) }
      fields.append((String(decoding: parts[0], as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }
    return fields
  }

  /// RFC 9110 section 5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func malformed(_ path: String, _ index: Int) -> Problem {
    Problem(
      .badInput, "otlp.malformed-fields",
      "expected a header field 'Name: value' in each of at most \(mostFields) lines, found another",
      subject: path,
      position: "line \(index + 1)")
  }
}
