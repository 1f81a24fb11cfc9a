import Domain
import Encoding
import Provenance
import Testing

struct SignerMessageTests {
  private static let key = SealingKey()

  @Test func `requests are one line each, as the documentation has them`() {
    #expect(
      String(decoding: SignerMessage.line(.publicKey(of: "slot 1")), as: UTF8.self)
        == #"{"key":"slot 1","operation":"public-key","version":1}"# + "\n")
    #expect(
      String(decoding: SignerMessage.line(.sign([1, 2, 3], by: "k", .p384)), as: UTF8.self)
        == #"{"algorithm":"ecdsa-p384-sha384","key":"k","message":"AQID","operation":"sign","version":1}"#
        + "\n")
  }

  @Test func `answers are taken once they hold`() throws {
    let key = Self.key.verificationKey
    let published: JSON = ["version": 1, "publicKey": .string(key.pem)]
    #expect(try SignerMessage.publicKey(in: published.canonicalBytes) == key)
    let signature = try Self.key.sign([1, 2, 3])
    let signed: JSON = ["version": 1, "signature": .string(Base64.encode(signature))]
    #expect(
      try SignerMessage.signature(in: signed.canonicalBytes + [0x0A], over: [1, 2, 3], by: key) == signature)
    let other = #expect(throws: Problem.self) {
      try SignerMessage.signature(in: signed.canonicalBytes, over: [1, 2, 4], by: key)
    }
    #expect(other?.code == "signer.bad-signature")
  }

  @Test func `what a signer says against it is told`() {
    let problem = #expect(throws: Problem.self) {
      try SignerMessage.publicKey(in: Array(#"{"version":1,"error":"slot\u001b is locked"}"#.utf8))
    }
    #expect(problem?.code == "signer.refused")
    #expect(problem?.cause == #"slot\u{1b} is locked"#)
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"version":2,"signature":"AA=="}"#, #"{"version":1}"#, #"{"version":1,"signature":1}"#,
    #"{"version":1,"signature":"AA==","more":1}"#, #"{"version":1,"signature":"?"}"#,
    #"{"version":1,"signature":"AA=="}"# + "\n" + #"{"version":1,"signature":"AA=="}"#,
    #"{"version":1,"publicKey":"AA=="}"#,
  ])
  func `another answer is malformed`(text: String) {
    let problem = #expect(throws: Problem.self) {
      try SignerMessage.signature(in: Array(text.utf8), over: [], by: Self.key.verificationKey)
    }
    #expect(problem?.code == "signer.malformed")
  }

  @Test func `an answer beyond the limit is not read`() {
    let long = Array(repeating: UInt8(ascii: " "), count: SignerMessage.answerLimit + 1)
    let problem = #expect(throws: Problem.self) { try SignerMessage.publicKey(in: long) }
    #expect(problem?.code == "signer.malformed")
  }
}
