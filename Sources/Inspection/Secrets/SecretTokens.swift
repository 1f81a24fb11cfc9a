/// Tokens that services give out with a prefix of their own.
enum SecretTokens {
  private struct Form {
    let what: String
    let prefix: [UInt8]
    let lengths: ClosedRange<Int>
    let isAlphanumeric: Bool

    init(_ what: String, _ prefix: String, _ lengths: ClosedRange<Int>, isAlphanumeric: Bool = false) {
      (self.what, self.prefix, self.lengths, self.isAlphanumeric) = (
        what, Array(prefix.utf8), lengths, isAlphanumeric
      )
    }
  }

  /// The forms by the last character of their prefix; the longer prefixes first.
  private static let forms: [UInt8: [Form]] = Dictionary(
    grouping: [
      Form("a GitHub token", "ghp_", 36...36, isAlphanumeric: true),
      Form("a GitHub token", "gho_", 36...36, isAlphanumeric: true),
      Form("a GitHub token", "ghu_", 36...36, isAlphanumeric: true),
      Form("a GitHub token", "ghs_", 36...36, isAlphanumeric: true),
      Form("a GitHub token", "ghr_", 36...76, isAlphanumeric: true),
      Form("a GitHub token", "github_pat_", 50...100),
      Form("a GitLab token", "glpat-", 20...64),
      Form("a Hugging Face token", "hf_", 30...40, isAlphanumeric: true),
      Form("a Stripe key", "sk_live_", 16...120, isAlphanumeric: true),
      Form("a Stripe key", "rk_live_", 16...120, isAlphanumeric: true),
      Form("an npm token", "npm_", 36...36, isAlphanumeric: true),
      Form("a Docker Hub token", "dckr_pat_", 20...40),
      Form("a DigitalOcean token", "dop_v1_", 64...64, isAlphanumeric: true),
      Form("a Slack token", "xoxb-", 20...200), Form("a Slack token", "xoxp-", 20...200),
      Form("a Slack token", "xoxa-", 20...200), Form("a Slack token", "xoxr-", 20...200),
      Form("a Slack token", "xoxs-", 20...200), Form("a Slack token", "xapp-", 20...200),
      Form("a PyPI token", "pypi-", 80...400),
      Form("a Google client secret", "GOCSPX-", 28...28),
      Form("an Anthropic key", "sk-ant-", 40...200),
      Form("an OpenAI key", "sk-proj-", 40...200), Form("an OpenAI key", "sk-", 40...200),
      Form("a Weights & Biases key", "wandb_v1_", 40...120),
    ], by: { $0.prefix.last ?? 0 })

  /// The token whose prefix ends at `index`.
  static func token(_ bytes: Span<UInt8>, at index: Int, _ byte: UInt8) -> (what: String, range: Range<Int>)?
  {
    if byte == UInt8(ascii: "I") { return cloudKey(bytes, at: index) }
    for form in forms[byte] ?? [] {
      let start = index + 1 - form.prefix.count
      guard start >= 0, matches(bytes, at: start, form.prefix),
        start == 0 || !SecretShapes.isTokenByte(bytes[start - 1])
      else { continue }
      let end = SecretShapes.end(bytes, from: index + 1, limit: form.lengths.upperBound + 1) {
        form.isAlphanumeric ? SecretShapes.isAlphanumeric($0) : SecretShapes.isTokenByte($0)
      }
      guard form.lengths.contains(end - index - 1), isVaried(bytes, (index + 1)..<end) else { continue }
      return (form.what, start..<end)
    }
    return nil
  }

  /// `AKIA…`, `ASIA…` and `AIza…`, by their `I`.
  private static func cloudKey(_ bytes: Span<UInt8>, at index: Int) -> (what: String, range: Range<Int>)? {
    if SecretShapes.has(bytes, at: index - 1, "AIza") {
      let start = index - 1
      let end = SecretShapes.end(bytes, from: start, limit: 40, while: SecretShapes.isTokenByte)
      guard end - start == 39, start == 0 || !SecretShapes.isTokenByte(bytes[start - 1]),
        isVaried(bytes, start..<end)
      else { return nil }
      return ("a Google API key", start..<end)
    }
    let start = index - 2
    guard SecretShapes.has(bytes, at: start, "AKIA") || SecretShapes.has(bytes, at: start, "ASIA"),
      start == 0 || !SecretShapes.isAlphanumeric(bytes[start - 1])
    else { return nil }
    let end = SecretShapes.end(bytes, from: start, limit: 21) {
      SecretShapes.isUpper($0) || SecretShapes.isDigit($0)
    }
    guard end - start == 20, end == bytes.count || !SecretShapes.isAlphanumeric(bytes[end]),
      !SecretShapes.has(bytes, at: end - 7, "EXAMPLE")
    else { return nil }
    return ("an AWS access key", start..<end)
  }

  private static func matches(_ bytes: Span<UInt8>, at start: Int, _ text: [UInt8]) -> Bool {
    var index = start
    for byte in text {
      guard bytes[index] == byte else { return false }
      index += 1
    }
    return true
  }

  /// Whether letters and digits mix, as random ones do.
  private static func isVaried(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var digits = 0
    var letters = 0
    var seen: (UInt64, UInt64) = (0, 0)
    for index in range {
      let byte = bytes[index]
      if SecretShapes.isDigit(byte) { digits += 1 } else if SecretShapes.isLetter(byte) { letters += 1 }
      if byte < 64 { seen.0 |= 1 << UInt64(byte) } else { seen.1 |= 1 << UInt64(byte & 63) }
    }
    return digits > 0 && letters > 0 && seen.0.nonzeroBitCount + seen.1.nonzeroBitCount >= 8
  }
}
