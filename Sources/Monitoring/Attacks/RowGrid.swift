/// The cells that rows are put into: small ones of all features, and large ones of two features each.
struct RowGrid: Sendable, Equatable {
  /// How many pairs of features are looked at.
  static let pairLimit = 16

  /// Two lanes, each cut into eight parts of a spread, and which of the 64 combinations training hardly had.
  struct Pair: Sendable, Equatable {
    let first: Int
    let second: Int
    var rare: UInt64

    /// The bit of the cell that a row is in.
    @inline(__always)
    func cell(_ row: UnsafeBufferPointer<UInt16>) -> UInt64 {
      unsafe 1 << UInt64(Self.part(row[first]) << 3 | Self.part(row[second]))
    }

    private static func part(_ code: UInt16) -> Int {
      min(max((Int(code) - 4 * RowScale.unit) / RowScale.unit, 0), 7)
    }
  }

  /// The pairs whose combinations training used least.
  var pairs: [Pair] = []
  /// The binary logarithm of the edge of a small cell, in steps.
  var smallEdge = 12

  /// A hash of the small cell that a row is in.
  @inline(__always)
  func smallCell(_ row: UnsafeBufferPointer<UInt16>, used: Int) -> UInt64 {
    let half = UInt32(1) << UInt32(smallEdge - 1)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for lane in 0..<used {
      hash = unsafe (hash ^ UInt64((UInt32(row[lane]) + half) >> UInt32(smallEdge))) &* 0x100_0000_01B3
    }
    return CounterDraws.mix(hash)
  }
}
