import CBZip2

/// bzip2, by libbz2.
@safe final class BZip2Decoder: StreamDecoder {
  private let stream: UnsafeMutablePointer<bz_stream>

  /// Starts a decoder; nil where libbz2 finds no memory.
  init?() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: bz_stream())
    guard unsafe BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else { return nil }
  }

  deinit {
    unsafe BZ2_bzDecompressEnd(stream)
    unsafe stream.deallocate()
  }

  func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(DecoderFault) -> DecoderStep {
    let result = unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        // libbz2 does not write through `next_in`.
        unsafe stream.pointee.next_in = UnsafeMutableRawPointer(mutating: source.baseAddress)?
          .assumingMemoryBound(to: CChar.self)
        unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
        unsafe stream.pointee.next_out = UnsafeMutableRawPointer(target.baseAddress)?
          .assumingMemoryBound(to: CChar.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: target.count)
        let status = unsafe BZ2_bzDecompress(stream)
        let consumed = unsafe source.count - Int(stream.pointee.avail_in)
        let written = unsafe target.count - Int(stream.pointee.avail_out)
        return (
          status: status,
          step: DecoderStep(consumed: consumed, written: written, isEnd: status == BZ_STREAM_END)
        )
      }
    }
    switch result.status {
    case BZ_OK, BZ_STREAM_END: return result.step
    case BZ_MEM_ERROR: throw .memory("one that libbz2 has no memory for")
    default: throw .damaged("damaged data: status \(result.status)")
    }
  }
}
