/// A hash under a key, which nobody without the key can steer: SipHash-2-4 of 64 bits (Aumasson and Bernstein, "SipHash: a
/// fast short-input PRF", 2012).
public struct SipHash: Hashable, Sendable {
  private let key0: UInt64
  private let key1: UInt64

  /// Takes the two halves of a key, each as its eight bytes read with the least significant first.
  public init(key key0: UInt64, _ key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  /// The hash of the bytes, the same on every machine.
  public func hash(of bytes: some Sequence<UInt8>) -> UInt64 {
    var state = Rounds(
      v0: key0 ^ 0x736F_6D65_7073_6575, v1: key1 ^ 0x646F_7261_6E64_6F6D,
      v2: key0 ^ 0x6C79_6765_6E65_7261, v3: key1 ^ 0x7465_6462_7974_6573)
    var (word, count) = (UInt64(0), UInt64(0))
    for byte in bytes {
      word |= UInt64(byte) << (8 * (count & 7))
      count &+= 1
      if count & 7 == 0 {
        state.absorb(word)
        word = 0
      }
    }
    state.absorb(word | count << 56)
    return state.finish()
  }

  /// The four words that the hash turns over.
  private struct Rounds {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    private func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

    private mutating func turn() {
      v0 &+= v1
      v1 = rotated(v1, 13) ^ v0
      v0 = rotated(v0, 32)
      v2 &+= v3
      v3 = rotated(v3, 16) ^ v2
      v0 &+= v3
      v3 = rotated(v3, 21) ^ v0
      v2 &+= v1
      v1 = rotated(v1, 17) ^ v2
      v2 = rotated(v2, 32)
    }

    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      turn()
      turn()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xFF
      for _ in 0..<4 { turn() }
      return v0 ^ v1 ^ v2 ^ v3
    }
  }
}
