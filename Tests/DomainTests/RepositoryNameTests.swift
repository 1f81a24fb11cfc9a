import Domain
import Testing

@Suite struct RepositoryNameTests {
  @Test(arguments: [
    "a", "0", "iris", "team/iris", "a/b/c/d", "fraud-score", "iris.v2", "a_b", "a__b", "a-b", "a--b", "a---b",
    "2026-11", "x0/manifests/blobs", String(repeating: "x", count: 255),
    String(repeating: "a/", count: 127) + "a",
  ])
  func `a name that keeps the grammar prints as it was written`(text: String) throws {
    #expect(try RepositoryName(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", "Iris", "team/Iris", "-a", "a-", ".a", "a.", "_a", "a_", "a..b", "a___b",
    "a._b", "a-.b", "a_-b", "a/-b", "a/.b", "..", "../a", "a/..", "a/../b", "a/./b", ".", "a b", "a\\b",
    "a@b",
    "a:b", "a%2fb", "%2e%2e", "é", "a\u{0}b", "a\nb", "٣", "ﬁ", String(repeating: "x", count: 256),
  ])
  func `any other name is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try RepositoryName(parsing: text) }
    #expect(problem?.code == "repository.malformed")
    #expect(problem?.category == .badInput)
  }

  @Test func `a model has a repository of its name where one can have it`() throws {
    #expect(try RepositoryName(of: ModelName(parsing: "iris.v2")).description == "iris.v2")
    #expect(try RepositoryName(of: ModelName(parsing: "a._b")).description == "hex/612e5f62")
  }
}
