import Domain
import Encoding
import Testing

struct PlaneAccountTests {
  @Test(arguments: [("65532", "65532:65532"), ("1000:100", "1000:100"), ("0", "0:0")])
  func `an account is read from its numbers`(text: String, expected: String) throws {
    #expect(try PlaneAccount(parsing: text).description == expected)
  }

  @Test(arguments: ["", "nobody", ":", "1:", ":1", "1:2:3", "-1", "4294967295", "0x10"])
  func `what is no account is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try PlaneAccount(parsing: text) }
    #expect(problem?.code == "usage.malformed-account")
  }

  @Test func `what holds and what does not comes back as it was said`() {
    let confinement = PlaneConfinement(holds: ["user 65532"], lacks: ["Landlock 0 over files: not there"])
    #expect(PlaneConfinement(json: confinement.json) == confinement)
    #expect(PlaneConfinement(json: ["holds": .array([])]) == nil)
  }

  @Test func `a program's file is read as it was written`() {
    let file = ProgramFile(device: 2049, node: 1_234_567)
    #expect(ProgramFile(file.description) == file)
    #expect(ProgramFile("2049") == nil)
    #expect(ProgramFile("a:b") == nil)
  }
}
