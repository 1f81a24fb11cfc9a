import Domain
import Testing

@Suite struct AliasTests {
  @Test(arguments: ["champion", "a", "canary-2", "2b", "0-1", String(repeating: "x", count: 63)])
  func `an alias that keeps the rules prints as it was written`(text: String) throws {
    #expect(try AliasName(parsing: text).description == text)
    #expect(try VersionSelector(parsing: text) == .alias(AliasName(parsing: text)))
  }

  @Test(arguments: [
    "", "3", "007", "-a", "a-", "Champion", "a_b", "a.b", "a b", "a@b", "é", "٣", "a/b",
    String(repeating: "x", count: 64),
  ])
  func `any other alias is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try AliasName(parsing: text) }
    #expect(problem?.code == "alias.malformed")
    #expect(problem?.category == .badInput)
  }

  @Test(arguments: ["iris", "iris@3", "iris@champion", "iris.v2@2b"])
  func `a reference prints as it was read`(text: String) throws {
    #expect(try ModelReference(parsing: text).description == text)
  }

  @Test(arguments: [
    ("iris@", "version.malformed"), ("iris@03", "version.malformed"), ("iris@0", "version.malformed"),
    ("iris@a@b", "alias.malformed"), ("Iris@3", "name.malformed"), ("@3", "name.malformed"),
  ])
  func `any other reference is refused`(text: String, code: String) {
    let problem = #expect(throws: Problem.self) { try ModelReference(parsing: text) }
    #expect(problem?.code == code)
  }
}
