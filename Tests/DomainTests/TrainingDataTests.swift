import Domain
import Encoding
import Testing

@Suite struct TrainingDataTests {
  static func digest(_ number: Int) -> Digest { Digest(words: UInt64(number), 0, 0, 0) }

  static func set(_ number: Int, _ name: String = "train.csv") throws -> DataSet {
    try DataSet(name: name, digest: digest(number))
  }

  @Test func `is the same in whatever order its data sets come`() throws {
    let sets = try (1...9).map { try Self.set($0, "part-\($0)") }
    let data = try TrainingData(sets)
    #expect(try TrainingData(sets.reversed()) == data)
    #expect(data.sets.map(\.digest) == data.sets.map(\.digest).sorted())
    #expect(try TrainingData(json: data.json, at: "/x") == data)
  }

  @Test func `is unstated where there are none`() throws {
    #expect(try TrainingData([]) == .unstated)
    #expect(try TrainingData(json: [], at: "/x") == .unstated)
  }

  @Test func `has each data set once, whatever it is called`() throws {
    let problem = #expect(throws: Problem.self) {
      try TrainingData([try Self.set(1, "a"), try Self.set(2, "b"), try Self.set(1, "c")])
    }
    #expect(problem?.code == "training-data.duplicate")
    #expect(problem?.message.contains("'a' and 'c'") == true)
  }

  @Test func `has 64 data sets at most`() throws {
    let sets = try (1...65).map { try Self.set($0) }
    #expect(try TrainingData(Array(sets.dropLast())).sets.count == 64)
    #expect(#expect(throws: Problem.self) { try TrainingData(sets) }?.code == "training-data.too-many")
    let json = JSON.array(sets.map { ["name": "x", "digest": .string($0.digest.description)] })
    #expect(
      #expect(throws: Problem.self) { try TrainingData(json: json, at: "/x") }?.code
        == "training-data.too-many")
  }

  @Test(arguments: ["", "a\nb", "\u{1B}[2J", String(repeating: "é", count: 65)])
  func `has names of one line and 128 bytes at most`(name: String) {
    let problem = #expect(throws: Problem.self) { try Self.set(1, name) }
    #expect(problem?.code == "training-data.name")
  }

  @Test func `names the place of what is no data set`() {
    let digest = JSON.string(Self.digest(1).description)
    let wrong: [(JSON, String)] = [
      ("train.csv", "/x"), (["train.csv"], "/x/0"),
      ([["name": "a", "digest": digest], ["name": "b"]], "/x/1"),
      ([["name": 1, "digest": digest]], "/x/0"),
    ]
    for (json, position) in wrong {
      let problem = #expect(throws: Problem.self) { try TrainingData(json: json, at: "/x") }
      #expect(problem?.code == "request.member")
      #expect(problem?.position == position)
    }
  }
}
