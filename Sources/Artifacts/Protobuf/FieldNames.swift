import Encoding

extension ArraySlice<UInt8> {
  /// A hash of the bytes that is the same in every run.
  ///
  /// Two names of one file that share it are taken for the same one, which can only add a finding to a file
  /// that was made for it.
  var stableHash: Int { Int(truncatingIfNeeded: FNV1a.hash(of: self)) }

  /// The bytes as text for a message: at most `limit` characters, control characters escaped.
  func quoted(_ limit: Int = 80) -> String {
    "'\(String(decoding: prefix(4 * limit), as: UTF8.self).escaped(limit: limit))'"
  }
}
