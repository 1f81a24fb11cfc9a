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
    let result = state.finalize()
    return unsafe result.withUnsafeBytes { bytes in
      precondition(bytes.count == 32, "SHA-256 gave other than 32 bytes")
      func word(_ place: Int) -> UInt64 {
        unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
      }
      return Digest(words: word(0), word(1), word(2), word(3))
    }
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
