import Domain
import Testing

@Suite struct ModelNameTests {
  @Test(arguments: [
    "a", "0", "iris", "fraud-score", "iris.v2", "a_b", "a-.b", "2026-11", "a--b", "a__b",
    String(repeating: "x", count: 63),
  ])
  func `a name that keeps the rules prints as it was written`(text: String) throws {
    #expect(try ModelName(parsing: text).description == text)
  }

  @Test(arguments: [
    "", " ", "Iris", "iris ", " iris", "-iris", "iris-", ".iris", "iris.", "_iris", "a..b", "..", "a/b",
    "a\\b",
    "a@b", "a:b", "a%2fb", "é", "e\u{301}", "a\u{0}b", "a\nb", "٣", "ﬁ", "a b", "iris\u{200B}",
    String(repeating: "x", count: 64),
  ])
  func `any other name is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try ModelName(parsing: text) }
    #expect(problem?.code == "name.malformed")
    #expect(problem?.category == .badInput)
  }

  @Test func `the refusal quotes the name and gives the rules`() {
    let problem = #expect(throws: Problem.self) { try ModelName(parsing: "team/iris") }
    #expect(
      problem?.message
        == "expected a model name of 1 to 63 lower-case letters, digits, '.', '_' and '-' that starts and "
        + "ends with a letter or digit and has no '..', found 'team/iris'")
    #expect(problem?.hint == "name it like 'fraud-score' or 'iris.v2'")
  }

  @Test func `a refusal quotes a short start of a long name, on one line`() throws {
    let long = try #require(
      throws: Problem.self, performing: { try ModelName(parsing: String(repeating: "X", count: 5000)) })
    #expect(long.message.hasSuffix("found '\(String(repeating: "X", count: 80))'"))
    let steering = try #require(
      throws: Problem.self, performing: { try ModelName(parsing: "a\n\u{1B}[2Jerror: b") })
    #expect(steering.message.hasSuffix(#"found 'a\u{a}\u{1b}[2Jerror: b'"#))
    let marks = "a" + String(repeating: "\u{301}", count: 5000)
    let marked = try #require(throws: Problem.self, performing: { try ModelName(parsing: marks) })
    #expect(marked.message.utf8.count < 400)
  }

  @Test func `names are ordered as text`() throws {
    let names = try ["iris", "iris-2", "fraud", "iris.2"].map { try ModelName(parsing: $0) }
    #expect(names.sorted().map(\.description) == ["fraud", "iris", "iris-2", "iris.2"])
  }
}

@Suite struct VersionTests {
  @Test(arguments: [("1", 1), ("2", 2), ("10", 10), ("2147483647", 2_147_483_647)])
  func `a number from 1 is a version and prints as it was written`(text: String, value: Int) throws {
    let version = try VersionNumber(parsing: text)
    #expect(version.value == value)
    #expect(version.description == text)
  }

  @Test(arguments: [
    "", "0", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "v1", "0x1", "2147483648", "9223372036854775808",
    "١", "1\n",
  ])
  func `any other version is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try VersionNumber(parsing: text) }
    #expect(problem?.code == "version.malformed")
  }

  @Test func `the refusal quotes what was given`() {
    let problem = #expect(throws: Problem.self) { try VersionNumber(parsing: "v3") }
    #expect(problem?.message == "expected a version number from 1, found 'v3'")
  }

  @Test func `numbers out of range make no version`() {
    #expect(VersionNumber(0) == nil)
    #expect(VersionNumber(-1) == nil)
    #expect(VersionNumber(2_147_483_648) == nil)
    #expect(VersionNumber(.max) == nil)
    #expect(VersionNumber(2_147_483_647)?.value == 2_147_483_647)
  }

  @Test func `versions count upwards from the first`() {
    #expect(VersionNumber.first.value == 1)
    #expect(VersionNumber.first.next.next.description == "3")
    #expect(VersionNumber.first < VersionNumber.first.next)
  }

  @Test func `a reference prints as it was written`() throws {
    let reference = try VersionReference(parsing: "iris.v2@31")
    #expect(reference.name.description == "iris.v2")
    #expect(reference.version.value == 31)
    #expect(reference.description == "iris.v2@31")
  }

  @Test(arguments: [
    ("iris", "version.malformed"), ("", "version.malformed"), ("iris@1@2", "version.malformed"),
    ("iris@", "version.malformed"), ("iris@0", "version.malformed"), ("iris@latest", "version.malformed"),
    ("@1", "name.malformed"), ("Iris@1", "name.malformed"), ("@", "name.malformed"),
  ])
  func `any other reference is refused`(text: String, code: String) {
    #expect(throws: Problem.self) { try VersionReference(parsing: text) }
    let problem = #expect(throws: Problem.self) { try VersionReference(parsing: text) }
    #expect(problem?.code == code)
  }

  @Test func `the refusal of a reference shows the form`() {
    let problem = #expect(throws: Problem.self) { try VersionReference(parsing: "iris") }
    #expect(problem?.message == "expected a model and a version such as 'iris@3', found 'iris'")
  }
}

@Suite struct PrincipalTests {
  @Test(arguments: [
    ("person:ada", Principal.Kind.person, "ada"), ("service:ci", .service, "ci"),
    ("platform:gatehouse", .platform, "gatehouse"), ("person:ada:lovelace", .person, "ada:lovelace"),
    ("person::", .person, ":"), ("person: ", .person, " "),
  ])
  func `a principal prints as it was written`(text: String, kind: Principal.Kind, name: String) throws {
    let principal = try #require(Principal(parsing: text))
    #expect(principal.kind == kind)
    #expect(principal.name == name)
    #expect(principal.description == text)
  }

  @Test(arguments: [
    "", ":", "person", "person:", ":ada", ":person:ada", "::person:ada", "robot:x", "Person:ada",
  ])
  func `anything else is no principal`(text: String) {
    #expect(Principal(parsing: text) == nil)
  }

  @Test func `the platform is a principal of its own`() {
    #expect(Principal.platform.description == "platform:gatehouse")
  }
}
