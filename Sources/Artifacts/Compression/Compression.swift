import CZlib

/// A compressed stream that is unpacked here.
public enum Compression: String, Sendable {
  /// RFC 1950.
  case zlib
  /// RFC 1952, one member or several.
  case gzip
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
  /// It would unpack to more than the budget.
  case bomb(String, offset: Int)
  /// The bytes are not such a stream from here on.
  case malformed(String, offset: Int)
}

extension Compression {
  /// Recognises a compressed stream by its first bytes; nil where they begin something else.
  public init?(beginning bytes: ArraySlice<UInt8>) {
    if bytes.starts(with: [0x1F, 0x8B]) {
      self = .gzip
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

  /// Unpacks a stream, and for gzip the members that follow it directly, as far as the budget goes.
  public func decompress(_ input: ArraySlice<UInt8>, budget: ReadingBudget) throws(DecompressionFailure)
    -> Decompressed
  {
    var output: [UInt8] = []
    var consumed = 0
    repeat {
      consumed += try inflateMember(input.dropFirst(consumed), at: consumed, into: &output, budget)
    } while self == .gzip && input.dropFirst(consumed).starts(with: [0x1F, 0x8B])
    return Decompressed(bytes: output, compressedCount: consumed)
  }

  /// Unpacks one member to the end of `output`; gives the number of bytes that it takes up.
  private func inflateMember(
    _ input: ArraySlice<UInt8>, at start: Int, into output: inout [UInt8], _ budget: ReadingBudget
  ) throws(DecompressionFailure) -> Int {
    var stream = unsafe z_stream()
    // Window bits of 15; 16 more ask for the gzip header.
    let windowBits: Int32 = self == .gzip ? 31 : 15
    let version = ZLIB_VERSION
    guard
      unsafe inflateInit2_(&stream, windowBits, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .malformed("zlib could not be started", offset: start) }
    defer { unsafe inflateEnd(&stream) }
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var consumed = 0
    while true {
      // zlib counts its input in 32 bits.
      let window = input.dropFirst(consumed).prefix(1 << 20)
      var written = 0
      let status = unsafe window.withUnsafeBufferPointer { source in
        unsafe chunk.withUnsafeMutableBufferPointer { target in
          // zlib does not write through `next_in`; its type is older than `const`.
          unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
          unsafe stream.avail_in = UInt32(source.count)
          unsafe stream.next_out = target.baseAddress
          unsafe stream.avail_out = UInt32(target.count)
          let status = unsafe inflate(&stream, Z_NO_FLUSH)
          unsafe consumed += source.count - Int(stream.avail_in)
          unsafe written = target.count - Int(stream.avail_out)
          return status
        }
      }
      output.append(contentsOf: chunk[..<written])
      try check(output.count, from: start + consumed, budget)
      switch status {
      case Z_STREAM_END: return consumed
      case Z_OK, Z_BUF_ERROR:
        guard written > 0 || consumed < input.count else {
          throw .malformed(
            "expected the end of the \(self) stream, found the end of the file", offset: start + consumed)
        }
      case Z_NEED_DICT:
        throw .malformed("expected a \(self) stream, found one that needs a preset dictionary", offset: start)
      default:
        let reason = unsafe stream.msg.map { unsafe String(cString: $0) } ?? "status \(status)"
        throw .malformed(
          "expected a \(self) stream, found damaged data: \(reason)", offset: start + consumed)
      }
    }
  }

  private func check(_ count: Int, from consumed: Int, _ budget: ReadingBudget) throws(DecompressionFailure) {
    guard count <= budget.decompressedBytes else {
      throw .bomb("unpacks to more than \(budget.decompressedBytes) bytes", offset: consumed)
    }
    guard count <= budget.freeBytes || count / budget.compressionRatio <= consumed else {
      throw .bomb(
        "\(consumed) bytes unpack to \(count) and more, over \(budget.compressionRatio) times their number",
        offset: consumed)
    }
  }
}
