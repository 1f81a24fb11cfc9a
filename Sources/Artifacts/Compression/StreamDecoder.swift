/// Unpacks one stream of a compression, a window of it at a time.
///
/// A class, since the state of the C libraries must keep its address and be given back.
protocol StreamDecoder: AnyObject {
  /// Reads from the start of `input` and writes to the start of `output`, as far as either reaches.
  func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(DecoderFault) -> DecoderStep
}

/// What one step of a decoder did.
struct DecoderStep {
  /// How many bytes of the input it took.
  var consumed: Int
  /// How many bytes of the output it filled.
  var written: Int
  /// Whether the stream ends here.
  var isEnd: Bool
}

/// Why a decoder does not go on.
enum DecoderFault: Error {
  /// The bytes are no such stream; the reason completes "found".
  case damaged(String)
  /// The stream asks for more memory than a decoder gets.
  case memory(String)
}
