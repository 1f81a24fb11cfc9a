public import Domain

/// What a caller calls a request, to name it by when its labels come: kept as a salted digest alone.
public enum FeedbackKey {
  /// How many bytes it has at most.
  public static let byteLimit = 128

  /// Whether a text is one: visible characters of ASCII.
  public static func isValid(_ text: String) -> Bool {
    1...byteLimit ~= text.utf8.count && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
  }

  /// The SHA-256 of the salt, the deployment's name, a byte 0 and the key: keys of two deployments are two, and nobody learns
  /// one from its digest without the salt.
  public static func digest(_ key: String, of deployment: ModelName, salt: [UInt8]) -> Digest {
    var hasher = DigestHasher()
    hasher.update(salt)
    hasher.update(deployment.description.utf8)
    hasher.update(CollectionOfOne(0))
    hasher.update(key.utf8)
    return hasher.digest
  }
}
