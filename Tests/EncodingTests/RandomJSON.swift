import Encoding
import TestKit

extension SeededGenerator {
  /// A value that reads back as itself: its numbers are such that no `number` is written like an `integer`.
  mutating func json(depth: Int = 4) -> JSON {
    switch Int.random(in: 0...(depth > 0 ? 8 : 5), using: &self) {
    case 0: .null
    case 1: .bool(Bool.random(using: &self))
    case 2: .integer(Int64.random(in: .min ... .max, using: &self))
    case 3: .integer(Int64.random(in: -20...20, using: &self))
    case 4: .number(fractionalNumber())
    case 5: .string(text())
    case 6, 7: .array((0..<count()).map { _ in json(depth: depth - 1) })
    default:
      .object(
        Dictionary(
          (0..<count()).map { _ in (text(), json(depth: depth - 1)) }, uniquingKeysWith: { $1 }))
    }
  }

  /// Any finite double whose canonical text has a fraction or an exponent.
  mutating func fractionalNumber() -> Double {
    while true {
      let value = Double(bitPattern: next())
      guard value.isFinite else { continue }
      if value.magnitude < 1e-6 || value.magnitude >= 1e21 || value != value.rounded() { return value }
    }
  }

  /// Text of any scalars, among them the ones that escaping and sorting treat in their own way.
  mutating func text() -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<count() {
      let most: UInt32 = [0x1F, 0x7F, 0xFF, 0xFFFF, 0x10FFFF].randomElement(using: &self) ?? 0x7F
      if let scalar = Unicode.Scalar(UInt32.random(in: 0...most, using: &self)) { text.append(scalar) }
    }
    return String(text)
  }

  private mutating func count() -> Int { Int.random(in: 0...5, using: &self) }
}
