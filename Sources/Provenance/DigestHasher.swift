import CBoringSSL
public import Domain

/// Computes the SHA-256 of bytes that come in pieces.
public struct DigestHasher: Sendable {
  private var state = gatehouse_sha256()

  /// Starts with no bytes.
  public init() { unsafe gatehouse_sha256_begin(&state) }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe gatehouse_sha256_update(&state, buffer.baseAddress, buffer.count)
    }
    guard isContiguous == nil else { return }
    let bytes = Array(bytes)
    unsafe gatehouse_sha256_update(&state, bytes, bytes.count)
  }

  /// Takes in the next bytes, such as those of a mapped file, without copying them.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe gatehouse_sha256_update(&state, $0.baseAddress, $0.count) }
  }

  /// The digest of what was taken in so far; more may follow.
  public var digest: Digest {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { bytes in
      guard let start = bytes.baseAddress else { preconditionFailure("32 bytes have an address") }
      unsafe withUnsafePointer(to: state) { unsafe gatehouse_sha256_digest($0, start) }
      func word(_ place: Int) -> UInt64 {
        unsafe UInt64(
          bigEndian: UnsafeRawPointer(start).loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
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
