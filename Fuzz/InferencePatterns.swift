import ModelGraph

/// Takes the input for a token pattern and, behind the first zero byte, a text that it finds tokens in.
///
/// Tokens come in order and inside the text, those of a pattern without a group do not overlap, and the quick
/// way finds the same as the other.
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
  var found: [[Range<Int>]] = []
  for isQuick in [true, false] {
    var matcher = PatternMatcher(pattern, usesAutomaton: isQuick)
    var tokens: [Range<Int>] = []
    do { try matcher.tokens(of: text) { tokens.append($0) } } catch { return 0 }
    found.append(tokens)
  }
  precondition(found[0] == found[1])
  var end = 0
  for token in found[0] {
    precondition(token.lowerBound >= (pattern.hasGroup ? 0 : end) && token.upperBound <= text.count)
    end = token.upperBound
  }
  return 0
}
