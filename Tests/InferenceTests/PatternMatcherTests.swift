import Domain
import Encoding
import ModelGraph
import TestKit
import Testing

@testable import Inference

struct PatternMatcherTests {
  private func tokens(_ pattern: String, in text: String, quickly: Bool = true) throws -> [String] {
    var matcher = PatternMatcher(try TokenPattern(pattern), usesAutomaton: quickly)
    let characters = text.unicodeScalars.map(\.value)
    var tokens: [String] = []
    try matcher.tokens(of: characters) { range in
      var token = ""
      token.unicodeScalars.append(contentsOf: characters[range].compactMap(Unicode.Scalar.init))
      tokens.append(token)
    }
    return tokens
  }

  @Test(arguments: [true, false])
  func `tokens are what Python's re finds, quickly or not`(quickly: Bool) throws {
    let fixture = try Fixtures.json("text/patterns.json")
    let cases = try #require(fixture.array)
    #expect(cases.count >= 1500)
    for entry in cases {
      let parts = try #require(entry.array)
      let pattern = try #require(parts[0].string)
      let text = try #require(parts[1].string)
      guard case .array(let expected) = parts[2] else {
        #expect(throws: TokenPattern.Unsupported.self, "\(pattern.excerpt())") {
          _ = try TokenPattern(pattern)
        }
        continue
      }
      #expect(
        try tokens(pattern, in: text, quickly: quickly) == expected.compactMap(\.string),
        "\(pattern) in \(text)")
    }
  }

  @Test func `a pattern that looks far ahead at every match is given up`() throws {
    let text = String(repeating: "a", count: 20_000)
    let problem = #expect(throws: Problem.self) { _ = try tokens("(?s)a(?:.*b)?", in: text) }
    #expect(problem?.code == "predict.text-too-costly")
  }

  @Test func `a pattern that makes Python back out without end takes linear time`() throws {
    #expect(try tokens("(?:a+)+$", in: String(repeating: "a", count: 2_000) + "b") == [])
  }
}
