/// A compressed stream that is unpacked here.
public enum Compression: String, Sendable, CaseIterable {
  /// RFC 1950.
  case zlib
  /// RFC 1952, one member or several.
  case gzip
  /// bzip2, one stream or several.
  case bzip2
  /// The container format `.xz`, one stream or several.
  case xz
  /// The older `.lzma`, without a magic of its own.
  case lzma
  /// The frame format of LZ4, one frame or several.
  case lz4
  /// What joblib wrote before version 0.10: `ZF`, the length in hexadecimal, and a zlib stream.
  case zfile
}

/// What stood in a compressed stream.
public struct Decompressed: Sendable {
  /// The unpacked bytes.
  public var bytes: [UInt8]
  /// How many bytes of the input the stream takes up.
  public var compressedCount: Int
}

/// Why a compressed stream was not unpacked to its end.
public enum DecompressionFailure: Error, Sendable {
  /// It would unpack to more than the budget, or take more memory to unpack.
  case bomb(String, offset: Int)
  /// The bytes are not such a stream from here on.
  case malformed(String, offset: Int)
}

extension Compression {
  private static let gzipMagic: [UInt8] = [0x1F, 0x8B]
  private static let bzip2Magic = Array("BZh".utf8)
  private static let xzMagic: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
  /// The usual `lc=3 lp=0 pb=2` and the low byte of a dictionary size; what joblib goes by.
  private static let lzmaStart: [UInt8] = [0x5D, 0x00]
  private static let lz4Magic: [UInt8] = [0x04, 0x22, 0x4D, 0x18]

  /// Recognises a compressed stream by its first bytes; nil where they begin something else.
  public init?(beginning bytes: ArraySlice<UInt8>) {
    if bytes.starts(with: Self.gzipMagic) {
      self = .gzip
    } else if bytes.starts(with: Self.bzip2Magic) {
      self = .bzip2
    } else if bytes.starts(with: Self.xzMagic) {
      self = .xz
    } else if bytes.starts(with: Self.lzmaStart) {
      self = .lzma
    } else if bytes.starts(with: Self.lz4Magic) {
      self = .lz4
    } else if ZFileHeader.begins(bytes) {
      self = .zfile
    } else if Self.isZlib(bytes) {
      self = .zlib
    } else {
      return nil
    }
  }

  /// RFC 1950: deflate with a window of at most 32 KiB, and a check that makes the header a multiple of 31.
  private static func isZlib(_ bytes: ArraySlice<UInt8>) -> Bool {
    let header = Array(bytes.prefix(2))
    guard header.count == 2, header[0] & 15 == 8, header[0] >> 4 <= 7 else { return false }
    return (Int(header[0]) << 8 | Int(header[1])).isMultiple(of: 31)
  }

  /// Unpacks a stream and those that follow it directly, as Python's module for it would, as far as the budget
  /// goes.
  public func decompress(_ input: ArraySlice<UInt8>, budget: ReadingBudget) throws(DecompressionFailure)
    -> Decompressed
  {
    var unpacking = Unpacking(rawValue, input: input, budget: budget)
    if self == .zfile { return try unpackZFile(&unpacking) }
    repeat { try unpacking.run(try decoder()) } while isFollowed(&unpacking)
    return Decompressed(bytes: unpacking.output, compressedCount: unpacking.consumed)
  }

  private func decoder() throws(DecompressionFailure) -> any StreamDecoder {
    let decoder: (any StreamDecoder)? =
      switch self {
      case .zlib, .zfile: InflateDecoder(.zlib)
      case .gzip: InflateDecoder(.gzip)
      case .bzip2: BZip2Decoder()
      case .xz: LZMADecoder(alone: false)
      case .lzma: LZMADecoder(alone: true)
      case .lz4: LZ4Decoder()
      }
    guard let decoder else { throw .bomb("no memory is left to unpack \(self)", offset: 0) }
    return decoder
  }

  /// Whether another stream of the same kind follows the ones that were unpacked.
  private func isFollowed(_ unpacking: inout Unpacking) -> Bool {
    switch self {
    case .zlib, .zfile: return false
    case .gzip:
      // Python's module and the gzip program skip zeros, which tapes leave behind a member.
      unpacking.skipZeros(unlessBefore: Self.gzipMagic)
      return unpacking.rest.starts(with: Self.gzipMagic)
    case .bzip2: return unpacking.rest.starts(with: Self.bzip2Magic)
    case .xz, .lzma: return unpacking.rest.starts(with: Self.xzMagic)
    case .lz4: return unpacking.rest.starts(with: Self.lz4Magic)
    }
  }

  private func unpackZFile(_ unpacking: inout Unpacking) throws(DecompressionFailure) -> Decompressed {
    let header = try ZFileHeader(unpacking.rest)
    unpacking.skip(header.byteCount)
    try unpacking.run(try decoder())
    guard unpacking.output.count == header.unpackedCount else {
      throw .malformed(
        "expected \(header.unpackedCount) unpacked bytes, found \(unpacking.output.count)", offset: 2)
    }
    return Decompressed(bytes: unpacking.output, compressedCount: unpacking.consumed)
  }
}

/// The start of a file that joblib wrote before version 0.10 (`joblib/numpy_pickle_compat.py`).
private struct ZFileHeader {
  private static let magic = Array("ZF".utf8)
  /// As many characters as `hex(2 ** 64)` has.
  private static let lengthCount = 19

  /// How many bytes the zlib stream must unpack to.
  let unpackedCount: Int
  /// How many bytes stand before the zlib stream.
  let byteCount: Int

  static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.starts(with: magic) else { return false }
    let length = bytes.dropFirst(magic.count).prefix(lengthCount)
    return length.count == lengthCount && length.starts(with: Array("0x".utf8))
  }

  init(_ bytes: ArraySlice<UInt8>) throws(DecompressionFailure) {
    let field = bytes.dropFirst(Self.magic.count).prefix(Self.lengthCount)
    let digits = field.dropFirst(2).prefix { $0 != UInt8(ascii: " ") }
    guard field.dropFirst(2 + digits.count).allSatisfy({ $0 == UInt8(ascii: " ") }),
      let count = Int(String(decoding: digits, as: UTF8.self), radix: 16), count >= 0
    else { throw .malformed("expected a length in hexadecimal, found something else", offset: 2) }
    unpackedCount = count
    let start = Self.magic.count + Self.lengthCount
    // Up to joblib 0.8.4 on Python 2 the field was one character wider.
    byteCount = bytes.dropFirst(start).first == UInt8(ascii: " ") ? start + 1 : start
  }
}
