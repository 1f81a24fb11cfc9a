import NIOCore
import NIOHPACK
import Testing

@testable import Serving

/// One frame of HTTP/2 as it is on the wire (RFC 9113 section 4.1).
struct RawFrame: Equatable {
  enum Kind {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
  }

  static let endStream: UInt8 = 1
  static let acknowledged: UInt8 = 1
  static let endHeaders: UInt8 = 4

  var kind: UInt8
  var flags: UInt8 = 0
  var stream: UInt32 = 0
  var payload: [UInt8] = []

  var bytes: [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags]
      + Self.word(stream) + payload
  }

  static func word(_ value: UInt32) -> [UInt8] { (0..<4).reversed().map { UInt8(value >> ($0 * 8) & 255) } }

  /// The number that a payload has at a place.
  func word(at offset: Int) -> UInt32 {
    payload.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A block of fields, none of them in any table, so that one block says nothing about the next.
  static func block(_ fields: [(String, String)]) throws -> [UInt8] {
    var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    var headers = HPACKHeaders()
    for (name, value) in fields { headers.add(name: name, value: value, indexing: .nonIndexable) }
    var block = ByteBuffer()
    try encoder.encode(headers: headers, to: &block)
    return Array(block.readableBytesView)
  }

  static func headers(_ stream: UInt32, _ fields: [(String, String)], endStream: Bool = true) throws
    -> RawFrame
  {
    RawFrame(
      kind: Kind.headers, flags: endHeaders | (endStream ? Self.endStream : 0), stream: stream,
      payload: try block(fields))
  }
}

/// A connection of HTTP/2 whose frames are made by hand, right or wrong.
final class RawHTTP2 {
  private let client: Client
  private var buffered: [UInt8] = []

  /// Sends the preface and settings.
  init(port: Int, settings: [(UInt16, UInt32)] = [], receiveBuffer: CInt? = nil) throws {
    client = try Client(port: port, receiveBuffer: receiveBuffer)
    try client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    let payload = settings.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] + RawFrame.word($1) }
    try send(RawFrame(kind: RawFrame.Kind.settings, payload: payload))
  }

  func send(_ frames: RawFrame...) throws { try client.send(frames.flatMap(\.bytes)) }

  /// Sends as many bytes as the other end takes; says whether that is all of them.
  @discardableResult
  func send(_ bytes: [UInt8]) throws -> Bool { try client.send(bytes) }

  /// The next frame; nil where the connection has ended.
  func next() throws -> RawFrame? {
    while buffered.count < 9 || buffered.count < 9 + length {
      guard let more = try client.receiveSome() else { return nil }
      buffered += more
    }
    let size = 9 + length
    let stream = buffered[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let frame = RawFrame(
      kind: buffered[3], flags: buffered[4], stream: stream, payload: Array(buffered[9..<size]))
    buffered.removeFirst(size)
    return frame
  }

  /// The next frame that is like this; nil where the connection ends before.
  func next(where isWanted: (RawFrame) -> Bool) throws -> RawFrame? {
    while let frame = try next() {
      if isWanted(frame) { return frame }
    }
    return nil
  }

  /// The fields and the body of the first answer of the connection, on a stream; empty where there is none.
  func answer(on stream: UInt32) throws -> (fields: HPACKHeaders, body: [UInt8]) {
    var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    var answer = (fields: HPACKHeaders(), body: [UInt8]())
    while let frame = try next(where: { $0.stream == stream }), frame.kind != RawFrame.Kind.reset {
      if frame.kind == RawFrame.Kind.headers {
        var block = ByteBuffer(bytes: frame.payload)
        answer.fields.add(contentsOf: try decoder.decodeHeaders(from: &block))
      } else if frame.kind == RawFrame.Kind.data {
        answer.body += frame.payload
      }
      if frame.flags & RawFrame.endStream != 0 { break }
    }
    return answer
  }

  /// The code of the GOAWAY that the connection ends with; nil where it ends without one.
  func goodbye() throws -> UInt32? { try next { $0.kind == RawFrame.Kind.goAway }?.word(at: 4) }

  func endOutput() { client.endOutput() }

  private var length: Int { Int(buffered[0]) << 16 | Int(buffered[1]) << 8 | Int(buffered[2]) }
}
