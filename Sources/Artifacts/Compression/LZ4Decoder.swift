import CLZ4

/// The frame format of LZ4, by liblz4.
@safe final class LZ4Decoder: StreamDecoder {
  private let context: OpaquePointer

  /// Starts a decoder; nil where liblz4 finds no memory.
  init?() {
    var context: OpaquePointer?
    guard unsafe LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0,
      let made = unsafe context
    else { return nil }
    unsafe self.context = made
  }

  deinit {
    _ = unsafe LZ4F_freeDecompressionContext(context)
  }

  func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(DecoderFault) -> DecoderStep {
    var consumed = input.count
    var written = output.count
    let hint = unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe LZ4F_decompress(context, target.baseAddress, &written, source.baseAddress, &consumed, nil)
      }
    }
    guard LZ4F_isError(hint) == 0 else {
      let reason = unsafe String(cString: LZ4F_getErrorName(hint))
      throw .damaged("damaged data: \(reason)")
    }
    // Zero bytes expected next: the frame is complete. Without progress it only says what it is waiting for.
    return DecoderStep(consumed: consumed, written: written, isEnd: hint == 0)
  }
}
