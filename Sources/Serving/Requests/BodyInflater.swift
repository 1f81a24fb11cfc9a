import CZlib
import Domain
import NIOCore

/// How a body is compressed, by Content-Encoding (RFC 9110 section 8.4.1).
enum ContentCoding: Equatable, Sendable {
  case gzip
  case deflate

  /// The coding of a field's value; nil where it is another.
  init?(_ value: String) {
    switch value.lowercased() {
    case "gzip", "x-gzip": self = .gzip
    case "deflate": self = .deflate
    default: return nil
    }
  }
}

/// Unpacks a compressed body, up to a bound.
@safe struct BodyInflater: ~Copyable {
  /// Unpacked bytes that are kept of any body, and how many times longer than packed more of them may be unmeasured.
  private static let unmeasured = (bytes: 1 << 20, times: 100)

  private let stream: UnsafeMutablePointer<z_stream>

  /// Unpacks `body`; throws where it is damaged, or longer than `limit` when unpacked.
  ///
  /// A bomb costs time alone: what unpacks to suspiciously much is unpacked to its end and thrown away before memory is
  /// taken for it. That goes fast where it unpacks to much.
  static func inflate(_ body: [UInt8], _ coding: ContentCoding, limit: Int) throws(Problem) -> [UInt8] {
    var result: [UInt8] = []
    var isMeasured = false
    let inflater = try BodyInflater(body, coding)
    try inflater.run(body, coding, limit: limit) { chunk, consumed throws(Problem) in
      if !isMeasured, result.count >= unmeasured.bytes, result.count / unmeasured.times > consumed {
        isMeasured = true
        let measuring = try BodyInflater(body, coding)
        try measuring.run(body, coding, limit: limit) { _, _ in }
      }
      result += chunk
    }
    return result
  }

  /// Unpacks no more than the first `count` bytes of a body, which may be cut off behind what they take.
  static func prefix(of body: [UInt8], _ coding: ContentCoding, count: Int) throws(Problem) -> [UInt8] {
    let inflater = try BodyInflater(body, coding)
    var chunk = [UInt8](repeating: 0, count: count)
    let (status, _, written) = inflater.step(body[...], into: &chunk)
    guard status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END else {
      throw damaged("damaged data")
    }
    return Array(chunk.prefix(written))
  }

  private init(_ body: [UInt8], _ coding: ContentCoding) throws(Problem) {
    // What HTTP calls deflate is zlib's wrapping (RFC 1950); some senders leave that out. The first two bytes are a
    // multiple of 31 with it.
    let isBare = coding == .deflate && !(body.count >= 2 && (Int(body[0]) << 8 | Int(body[1])) % 31 == 0)
    guard let inflater = BodyInflater(window: coding == .gzip ? 31 : isBare ? -15 : 15) else {
      throw Problem(.unavailable, "request.memory", "the server has no memory to unpack the body")
    }
    self = inflater
  }

  private init?(window: CInt) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // Where this fails `deinit` runs: to end a stream that never began is an error that does nothing.
    guard unsafe inflateInit2_(stream, window, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
      return nil
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Unpacks to the end, and hands each piece to `take`, and how many packed bytes it and those before it were made of.
  ///
  /// A file of gzip is one member or several end to end (RFC 1952 section 2.2).
  private func run(
    _ body: [UInt8], _ coding: ContentCoding, limit: Int,
    _ take: (ArraySlice<UInt8>, Int) throws(Problem) -> Void
  ) throws(Problem) {
    var unpacked = 0
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    var rest = body[...]
    while true {
      let (status, consumed, written) = step(rest, into: &chunk)
      rest = rest.dropFirst(consumed)
      unpacked += written
      guard unpacked <= limit else {
        throw Problem(
          .tooLarge, "request.body-too-large",
          "expected a body of at most \(limit) bytes when unpacked, found more",
          hint: "send the rows in several requests")
      }
      try take(chunk[..<written], body.count - rest.count)
      if status == Z_STREAM_END {
        if rest.isEmpty { return }
        guard coding == .gzip, rest.starts(with: [0x1F, 0x8B]), unsafe inflateReset(stream) == Z_OK else {
          throw Self.damaged("\(rest.count) bytes behind its end")
        }
        continue
      }
      guard status == Z_OK || status == Z_BUF_ERROR else { throw Self.damaged("damaged data") }
      // No progress: the data ends before its end.
      guard consumed > 0 || written > 0 else { throw Self.damaged("its end missing") }
    }
  }

  private func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) -> (CInt, Int, Int) {
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        // zlib does not write through `next_in`; its type is older than `const`.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = UInt32(clamping: target.count)
        let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        let consumed = unsafe source.count - Int(stream.pointee.avail_in)
        let written = unsafe target.count - Int(stream.pointee.avail_out)
        return (status, consumed, written)
      }
    }
  }

  private static func damaged(_ found: String) -> Problem {
    Problem(
      .badInput, "request.content-encoding",
      "expected a body compressed as its Content-Encoding says, found \(found)")
  }
}
