import Domain
import Testing

@Suite struct DigestTests {
  private static let hexadecimal = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func `a digest prints as it was written`() throws {
    let digest = try Digest(parsing: "sha256:\(Self.hexadecimal)")
    #expect(digest.description == "sha256:\(Self.hexadecimal)")
    #expect(digest.hexadecimal == Self.hexadecimal)
    #expect(digest.bytes.count == 32)
    #expect(digest.bytes.first == 0xE3)
    #expect(Digest(hexadecimal: Self.hexadecimal) == digest)
    #expect(Digest(bytes: digest.bytes) == digest)
  }

  @Test func `the short form has twelve digits`() throws {
    #expect(try Digest(parsing: "sha256:\(Self.hexadecimal)").short == "sha256:e3b0c44298fc…")
  }

  @Test(arguments: [
    "", "sha256:", hexadecimal, "SHA256:\(hexadecimal)", "sha512:\(hexadecimal)", "sha256:\(hexadecimal)0",
    "sha256:\(hexadecimal.dropLast())", "sha256:\(hexadecimal.uppercased())", " sha256:\(hexadecimal)",
    "sha256:\(hexadecimal)\n", "sha256: \(hexadecimal.dropFirst())", "sha256:sha256:\(hexadecimal)",
  ])
  func `any other text is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try Digest(parsing: text) }
    #expect(problem?.code == "digest.malformed")
    #expect(problem?.category == .badInput)
  }

  @Test func `the refusal says what a digest looks like`() {
    let problem = #expect(throws: Problem.self) { try Digest(parsing: "md5:00") }
    #expect(
      problem?.message == "expected 'sha256:' and 64 lower-case hexadecimal digits, found 'md5:00'")
  }

  @Test(arguments: [0, 20, 31, 33, 64])
  func `only 32 bytes make a digest`(count: Int) {
    #expect(Digest(bytes: [UInt8](repeating: 7, count: count)) == nil)
  }

  @Test func `digests are ordered by their bytes`() throws {
    let low = try #require(Digest(bytes: [UInt8](repeating: 0x7F, count: 32)))
    let high = try #require(Digest(bytes: [UInt8](repeating: 0x80, count: 32)))
    #expect(low < high)
    #expect(!(high < low))
    #expect(!(low < low))
  }
}
