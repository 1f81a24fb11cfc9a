/// MurmurHash3 of 32 bits, by which scikit-learn spreads names over columns.
///
/// Source: Austin Appleby, `MurmurHash3.cpp`, public domain.
enum MurmurHash {
  /// The hash of a part of some bytes, seed 0, as the signed number that scikit-learn takes it for.
  static func hash(of range: Range<Int>, in bytes: Span<UInt8>) -> Int32 {
    var hash: UInt32 = 0
    var index = range.lowerBound
    while index + 4 <= range.upperBound {
      let word =
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
      hash ^= mixed(word)
      hash = (hash << 13 | hash >> 19) &* 5 &+ 0xE654_6B64
      index += 4
    }
    var rest: UInt32 = 0
    for (shift, place) in (index..<range.upperBound).enumerated() {
      rest |= UInt32(bytes[place]) << (8 * UInt32(shift))
    }
    if index < range.upperBound { hash ^= mixed(rest) }
    hash ^= UInt32(truncatingIfNeeded: range.count)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return Int32(bitPattern: hash ^ hash >> 16)
  }

  /// The column and the sign of a hash.
  static func place(of hash: Int32, columns: Int) -> (column: Int32, isNegative: Bool) {
    // The least number has no absolute value among the 32-bit ones; scikit-learn takes 2³¹ modulo the columns.
    (Int32(truncatingIfNeeded: Int(hash.magnitude) % columns), hash < 0)
  }

  private static func mixed(_ word: UInt32) -> UInt32 {
    let product = word &* 0xCC9E_2D51
    return (product << 15 | product >> 17) &* 0x1B87_3593
  }
}
