import ModelGraph

/// Takes the input for a token pattern and, behind the first zero byte, a text that it finds tokens in.
///
/// Tokens come in order and inside the text, and those of a pattern without a group do not overlap.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPatterns(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let border = bytes.firstIndex(of: 0) ?? bytes.count
  // Long patterns on long texts take long, and show no more.
  guard border <= 512, let pattern = try? TokenPattern(String(decoding: bytes[..<border], as: UTF8.self))
  else {
    return 0
  }
  let text = String(decoding: bytes[border...].dropFirst(), as: UTF8.self).unicodeScalars.map(\.value)
  var matcher = PatternMatcher(pattern)
  var end = 0
  try? matcher.tokens(of: text) { token in
    precondition(token.lowerBound >= (pattern.hasGroup ? 0 : end) && token.upperBound <= text.count)
    end = token.upperBound
  }
  return 0
}
