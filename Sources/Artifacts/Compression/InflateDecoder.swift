import CZlib

/// Deflate (RFC 1951) by zlib: bare, or in zlib's or gzip's wrapping.
@safe final class InflateDecoder: StreamDecoder {
  /// What is around the deflated data.
  enum Wrapping: Int32 {
    /// Nothing: deflate alone, as in a zip archive. zlib's way of asking is a negative window.
    case none = -15
    /// RFC 1950.
    case zlib = 15
    /// RFC 1952; 16 more than the window asks for it.
    case gzip = 31
  }

  private let stream: UnsafeMutablePointer<z_stream>

  /// Starts a decoder; nil where zlib finds no memory.
  init?(_ wrapping: Wrapping) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let version = ZLIB_VERSION
    guard
      unsafe inflateInit2_(stream, wrapping.rawValue, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(DecoderFault) -> DecoderStep {
    let result = unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        // zlib does not write through `next_in`; its type is older than `const`.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = UInt32(clamping: target.count)
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        let consumed = unsafe source.count - Int(stream.pointee.avail_in)
        let written = unsafe target.count - Int(stream.pointee.avail_out)
        return (
          status: status,
          step: DecoderStep(consumed: consumed, written: written, isEnd: status == Z_STREAM_END)
        )
      }
    }
    switch result.status {
    case Z_OK, Z_BUF_ERROR, Z_STREAM_END: return result.step
    case Z_NEED_DICT: throw .damaged("one that needs a preset dictionary")
    case Z_MEM_ERROR: throw .memory("one that zlib has no memory for")
    default:
      let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "status \(result.status)"
      throw .damaged("damaged data: \(reason)")
    }
  }
}
