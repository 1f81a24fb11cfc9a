// By name: Crypto has a protocol `Digest` of its own.
import struct Crypto.SHA256
public import Domain

/// Computes the SHA-256 of bytes that come in pieces.
public struct DigestHasher: Sendable {
  private var state = SHA256()

  /// Starts with no bytes.
  public init() {}

  /// Takes in the next bytes.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe state.update(bufferPointer: UnsafeRawBufferPointer(buffer))
    }
    if isContiguous == nil { state.update(data: Array(bytes)) }
  }

  /// Takes in the next bytes, such as those of a mapped file, without copying them.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe state.update(bufferPointer: $0) }
  }

  /// The digest of what was taken in so far; more may follow.
  public var digest: Digest {
    guard let digest = Digest(bytes: state.finalize()) else {
      preconditionFailure("SHA-256 gave other than 32 bytes")
    }
    return digest
  }
}

extension Digest {
  /// Computes the SHA-256 of `bytes`.
  public init(of bytes: some Collection<UInt8>) {
    var hasher = DigestHasher()
    hasher.update(bytes)
    self = hasher.digest
  }
}
