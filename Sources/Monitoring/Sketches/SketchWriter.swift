import Encoding

/// Writes the canonical bytes of sketches and profiles: integers and the bits of doubles, least significant byte first,
/// texts and lists behind their counts.
struct SketchWriter {
  private(set) var bytes: [UInt8] = []

  /// Has room for so many bytes.
  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  mutating func write(_ value: some FixedWidthInteger) { bytes += value.littleEndianBytes }

  mutating func write(_ value: Double) { write(value.bitPattern) }

  /// A count, which is never negative.
  mutating func write(count: Int) { write(UInt64(count.magnitude)) }

  mutating func write(_ values: some Collection<Double>) {
    bytes.reserveCapacity(bytes.count + 8 * values.count)
    for value in values {
      var bits = value.bitPattern.littleEndian
      unsafe withUnsafeBytes(of: &bits) { unsafe bytes.append(contentsOf: $0) }
    }
  }

  mutating func write(_ text: String) {
    write(UInt32(truncatingIfNeeded: text.utf8.count))
    bytes += text.utf8
  }

  mutating func write(raw: [UInt8]) { bytes += raw }
}
