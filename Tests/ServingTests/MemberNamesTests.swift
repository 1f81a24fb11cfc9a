import Domain
import Encoding
import Inference
import Testing

@testable import Serving

@Suite struct MemberNamesTests {
  private static let names = (0..<20).map { "member-\($0)" }

  private static func read(_ names: [String]) throws(Problem) {
    let members = names.map { "\"\($0)\":0" } + ["\"inputs\":[]"]
    var reader = RequestReader(Array("{\(members.joined(separator: ","))}".utf8), limits: JSONLimits())
    _ = try InferRequest(&reader, binary: [])
  }

  @Test(arguments: [0, 7, 8, 19])
  func `a name that comes again is refused, however many came between`(place: Int) {
    let problem = #expect(throws: Problem.self) { try Self.read(Self.names + [Self.names[place]]) }
    #expect(problem?.message.contains("'member-\(place)' again") == true)
  }

  @Test func `any number of names may come once`() throws {
    try Self.read(Self.names)
  }
}
