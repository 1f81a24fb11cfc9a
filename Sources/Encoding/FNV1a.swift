/// A hash that is the same in every run and on every machine, and no protection against whoever seeks two of one hash:
/// Fowler, Noll and Vo's, variant 1a, of 64 bits (draft-eastlake-fnv).
public enum FNV1a {
  /// The hash of the bytes.
  @inlinable
  public static func hash(of bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
