import CLZMA

/// LZMA in its two wrappings, by liblzma: `.xz`, and the older `.lzma`, which Python calls alone.
@safe final class LZMADecoder: StreamDecoder {
  /// How much memory a stream may ask for; `xz -9` takes 65 MiB.
  static let memoryLimit: UInt64 = 128 << 20

  private let stream: UnsafeMutablePointer<lzma_stream>

  /// Starts a decoder; nil where liblzma finds no memory.
  init?(alone: Bool) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: lzma_stream())
    let status =
      unsafe alone
      ? lzma_alone_decoder(stream, Self.memoryLimit) : lzma_stream_decoder(stream, Self.memoryLimit, 0)
    guard status == LZMA_OK else { return nil }
  }

  deinit {
    unsafe lzma_end(stream)
    unsafe stream.deallocate()
  }

  func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(DecoderFault) -> DecoderStep {
    let result = unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.pointee.next_in = source.baseAddress
        unsafe stream.pointee.avail_in = source.count
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = target.count
        let status = unsafe lzma_code(stream, LZMA_RUN)
        let consumed = unsafe source.count - stream.pointee.avail_in
        let written = unsafe target.count - stream.pointee.avail_out
        return (
          status: status,
          step: DecoderStep(consumed: consumed, written: written, isEnd: status == LZMA_STREAM_END)
        )
      }
    }
    switch result.status {
    case LZMA_OK, LZMA_STREAM_END, LZMA_BUF_ERROR: return result.step
    case LZMA_MEM_ERROR, LZMA_MEMLIMIT_ERROR:
      throw .memory("one that asks for more than \(Self.memoryLimit >> 20) MiB to unpack")
    case LZMA_FORMAT_ERROR: throw .damaged("bytes that do not begin one")
    case LZMA_OPTIONS_ERROR: throw .damaged("one with options that liblzma does not know")
    default: throw .damaged("damaged data: status \(result.status.rawValue)")
    }
  }
}
