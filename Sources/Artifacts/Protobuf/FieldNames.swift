import Encoding

extension ArraySlice<UInt8> {
  /// A hash of the bytes that is the same in every run (FNV-1a, 64 bits).
  ///
  /// Two names of one file that share it are taken for the same one, which can only add a finding to a file
  /// that was made for it.
  var stableHash: Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in self { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash)
  }

  /// The bytes as text for a message: at most `limit` characters, control characters escaped.
  func quoted(_ limit: Int = 80) -> String {
    "'\(String(decoding: prefix(4 * limit), as: UTF8.self).escaped(limit: limit))'"
  }
}
