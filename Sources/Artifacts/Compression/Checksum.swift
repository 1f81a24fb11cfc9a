import CZlib

/// Checksums that archives keep of their members.
enum Checksum {
  /// CRC-32 as in zip and gzip (ISO 3309).
  static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value: UInt = 0
    var rest = bytes
    while !rest.isEmpty {
      // zlib counts in 32 bits.
      let window = rest.prefix(1 << 30)
      value = unsafe window.withUnsafeBufferPointer { source in
        unsafe CZlib.crc32(value, source.baseAddress, UInt32(clamping: source.count))
      }
      rest = rest.dropFirst(window.count)
    }
    return UInt32(truncatingIfNeeded: value)
  }
}
