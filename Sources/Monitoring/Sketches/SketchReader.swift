import Domain
import Encoding

/// Reads what `SketchWriter` writes, of anybody's bytes: every count is held against a bound and against what is left
/// before anything is made for it.
struct SketchReader {
  private var bytes: ByteReader

  init(_ bytes: [UInt8]) { self.bytes = ByteReader(bytes) }

  private func reading<Value>(_ body: () throws(MalformedBytes) -> Value) throws(Problem) -> Value {
    do throws(MalformedBytes) { return try body() } catch {
      throw problem("expected \(error.expected), found \(error.found)", at: error.offset)
    }
  }

  private func problem(_ message: String, at offset: Int) -> Problem {
    Problem(.badInput, "monitoring.malformed", message, position: "byte \(offset)")
  }

  /// What is thrown where what was read last is not as it has to be.
  func malformed(_ expected: String, found: String) -> Problem {
    problem("expected \(expected), found \(found)", at: bytes.offset)
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type, _ what: String) throws(Problem) -> Value
  {
    var reader = bytes
    let value = try reading { () throws(MalformedBytes) in try reader.readLittleEndian(type, what) }
    bytes = reader
    return value
  }

  /// A whole number from 0 to `limit`.
  mutating func count(upTo limit: Int, _ what: String) throws(Problem) -> Int {
    let value = try integer(UInt64.self, what)
    guard let count = Int(exactly: value), count <= limit else {
      throw malformed("at most \(limit) for \(what)", found: "\(value)")
    }
    return count
  }

  /// A byte that is at most `limit`.
  mutating func byte(upTo limit: Int, _ what: String) throws(Problem) -> Int {
    let value = Int(try integer(UInt8.self, what))
    guard value <= limit else { throw malformed("at most \(limit) for \(what)", found: "\(value)") }
    return value
  }

  /// Any double.
  mutating func double(_ what: String) throws(Problem) -> Double {
    Double(bitPattern: try integer(UInt64.self, what))
  }

  /// A double that is a number and no infinity; it has one zero.
  mutating func finite(_ what: String) throws(Problem) -> Double {
    let value = try double(what)
    guard value.isFinite else { throw malformed("a finite number as \(what)", found: "\(value)") }
    return value
  }

  /// So many doubles that are finite.
  mutating func finite(count: Int, _ what: String) throws(Problem) -> [Double] {
    let slice = try raw(8 * count, what)
    var values: [Double] = []
    values.reserveCapacity(count)
    slice.forEachWord(UInt64.self) { values.append(Double(bitPattern: $0)) }
    guard values.allSatisfy(\.isFinite) else {
      throw malformed("finite numbers alone as \(what)", found: "others")
    }
    return values
  }

  /// So many bytes as they are.
  mutating func raw(_ count: Int, _ what: String) throws(Problem) -> ArraySlice<UInt8> {
    var reader = bytes
    let slice = try reading { () throws(MalformedBytes) in try reader.read(count, what) }
    bytes = reader
    return slice
  }

  /// A text of at most so many bytes.
  mutating func text(upTo limit: Int, _ what: String) throws(Problem) -> String {
    let length = Int(try integer(UInt32.self, what))
    guard length <= limit else { throw malformed("at most \(limit) bytes of \(what)", found: "\(length)") }
    let slice = try raw(length, what)
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw malformed("\(what) in UTF-8", found: "other bytes")
    }
    return text
  }

  /// Refuses bytes that are left.
  func end() throws(Problem) {
    guard bytes.isAtEnd else {
      throw malformed("the end", found: "\(bytes.remaining) bytes more")
    }
  }
}
