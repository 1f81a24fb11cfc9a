/// Numbers that look drawn and are none: the outputs of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014) at the places that a counter goes through.
///
/// A sketch that is fed the same values in the same order is the same sketch, on every machine.
struct CounterDraws: Sendable, Equatable {
  /// How many were drawn.
  var drawn: UInt64 = 0

  /// The next 64 bits; `value` is one that the sketch holds, so that two sketches of different values, each at the same
  /// count, do not err the same way.
  mutating func next(_ value: Double) -> UInt64 {
    drawn &+= 1
    return Self.mix((drawn ^ value.bitPattern) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// The next number above 0 and at most 1.
  mutating func nextShare(_ value: Double) -> Double { Double((next(value) >> 11) + 1) * 0x1p-53 }

  /// The finaliser of SplitMix64: a change of any bit changes each bit of the result half of the time.
  @inline(__always)
  static func mix(_ bits: UInt64) -> UInt64 {
    var bits = bits
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
