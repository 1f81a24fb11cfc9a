public import Domain

/// HMAC with SHA-256: that who has a secret wrote a message (RFC 2104).
public enum MessageAuthentication {
  /// The bytes that SHA-256 takes in at a time.
  private static let block = 64

  /// The code of a message under a key of any length.
  public static func code(of message: some Collection<UInt8>, under key: [UInt8]) -> Digest {
    var padded = key.count > block ? Digest(of: key).bytes : key
    padded += [UInt8](repeating: 0, count: block - padded.count)
    var inner = DigestHasher()
    inner.update(padded.map { $0 ^ 0x36 })
    inner.update(message)
    return Digest(of: padded.map { $0 ^ 0x5C } + inner.digest.bytes)
  }
}
