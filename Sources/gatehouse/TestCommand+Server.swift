import Domain
import Encoding
import Storage

extension TestCommand {
  /// The version that a word names; nil for anything else, such as a path.
  static func version(_ text: String) -> (ModelName, VersionNumber)? {
    guard text.utf8.contains(UInt8(ascii: "@")), case .missing = LocalFiles.kind(of: text),
      let reference = try? VersionReference(parsing: text)
    else { return nil }
    return (reference.name, reference.version)
  }

  /// Has the server run the tests of a version again, and says whether they went as before.
  func runAgain(_ name: ModelName, _ version: VersionNumber) async throws {
    guard tests == nil, rows == nil, champion == nil else {
      throw Problem(
        .usage, "test.recorded",
        "expected no --tests, --data or --champion for the tests of a version, found one",
        hint: "its own are run again; --seed is another draw of chance")
    }
    let body: JSON = seed.map { ["seed": .string(String($0))] } ?? [:]
    let answer = try await connection.withClient(DataDirectory(option: directory)) {
      try await $0.post("/models/\(name)/versions/\(version)/tests", body)
    }
    if json {
      Console.data(answer)
    } else {
      for result in answer["report"]?["results"]?.array ?? [] {
        let isPassed = result["passed"]?.bool == true
        Console.data("\(isPassed ? "passed" : "failed")  \(result["kind"].cell)  \(result["name"].cell)")
        if let reason = result["reason"]?.string { Console.data("  \(reason)") }
      }
      let results = answer["report"]?["results"]?.array ?? []
      Console.data("\(results.count { $0["passed"]?.bool == true }) of \(results.count) tests passed")
      let isSame = answer["same"]?.bool == true
      let seed = answer["report"]?["seed"].cell ?? ""
      Console.data(
        isSame
          ? "the report is the one that \(name)@\(version) was admitted with, byte for byte (seed \(seed))"
          : "the report differs from the one that \(name)@\(version) was admitted with (seed \(seed))")
    }
    if answer["passed"]?.bool != true { throw CommandEnd(exitCode: 1) }
  }
}
