import Domain
import Encoding
import Testing

@Suite struct ProblemTests {
  static let categories: [(Problem.Category, Int32, Int)] = [
    (.usage, 2, 400), (.badInput, 2, 400), (.unauthenticated, 1, 401), (.forbidden, 1, 403),
    (.notFound, 1, 404), (.conflict, 1, 409), (.tooLarge, 2, 413), (.refused, 3, 422),
    (.waiting, 4, 409), (.integrity, 5, 500), (.unavailable, 6, 503), (.tooMany, 6, 429),
    (.deadline, 6, 504), (.internal, 1, 500),
  ]

  @Test(arguments: categories)
  func `the category decides the exit code and the status`(
    category: Problem.Category, exitCode: Int32, status: Int
  ) {
    let problem = Problem(category, "area.what", "expected a, found b")
    #expect(problem.exitCode == exitCode)
    #expect(problem.httpStatus == status)
  }

  @Test func `every category is in the table`() {
    #expect(Set(Self.categories.map(\.0)) == Set(Problem.Category.allCases))
  }

  private static let full = Problem(
    .refused, "pickle.call", "expected no call, found os.system", subject: "iris", position: "byte 12",
    hint: "push a model", cause: "opcode REDUCE")

  @Test func `the form for a terminal has a line each`() {
    #expect(
      Self.full.description == """
        error[pickle.call]: expected no call, found os.system
          --> iris, byte 12
          cause: opcode REDUCE
          hint: push a model
        """)
  }

  @Test func `what is not known takes no line`() {
    #expect(Problem(.usage, "a.b", "c").description == "error[a.b]: c")
    #expect(Problem(.usage, "a.b", "c", subject: "s").description == "error[a.b]: c\n  --> s")
    #expect(Problem(.usage, "a.b", "c", position: "byte 1").description == "error[a.b]: c\n  --> byte 1")
  }

  @Test func `what a problem quotes can neither add a line nor steer a terminal`() {
    let problem = Problem(
      .usage, "a.b", "found 'x\nerror[c.d]: y'", subject: "\u{1B}[2J", hint: "\u{202E}h",
      cause: "p\r\u{2028}q")
    #expect(
      problem.description == #"""
        error[a.b]: found 'x\u{a}error[c.d]: y'
          --> \u{1b}[2J
          cause: p\u{d}\u{2028}q
          hint: \u{202e}h
        """#)
  }

  @Test func `the form for HTTP is problem details with members of its own`() {
    #expect(
      Self.full.json.canonicalText
        == #"{"category":"refused","cause":"opcode REDUCE","code":"pickle.call","hint":"push a model","#
        + #""position":"byte 12","status":422,"subject":"iris","title":"expected no call, found os.system","#
        + #""type":"urn:gatehouse:problem:pickle.call"}"#)
  }

  @Test(arguments: Problem.Category.allCases)
  func `a problem survives its journey over HTTP`(category: Problem.Category) throws {
    let bare = Problem(category, "a.b", "c")
    #expect(Problem(json: try JSON(parsing: bare.json.canonicalBytes)) == bare)
    #expect(Problem(json: try JSON(parsing: Self.full.json.canonicalBytes)) == Self.full)
  }

  @Test(arguments: [
    "null", "[]", "{}", #"{"code":"a","title":"b"}"#, #"{"code":"a","title":"b","category":"odd"}"#,
    #"{"code":1,"title":"b","category":"usage"}"#, #"{"title":"b","category":"usage"}"#,
  ])
  func `anything else is no problem`(text: String) throws {
    #expect(Problem(json: try JSON(parsing: text.utf8)) == nil)
  }
}
