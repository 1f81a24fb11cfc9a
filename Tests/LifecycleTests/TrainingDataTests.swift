import Domain
import Encoding
import Lifecycle
import Provenance
import Statements
import TestKit
import Testing

/// What a push says of the data that its model was trained with.
@Suite struct TrainingDataTests {
  static func data(_ numbers: Int...) throws -> TrainingData {
    try TrainingData(numbers.map { try DataSet(name: "part-\($0).parquet", digest: Sample.digest($0)) })
  }

  @Test func `stands in the version, its bill of materials and the ledger`() async throws {
    let bench = try Bench()
    let data = try Self.data(1, 2)
    let outcome = try await bench.run { try await Bench.push(Fixture.tree, trainedWith: data, to: $0) }
    #expect(outcome.status == .live)
    let version = try #require(await bench.registry.versions(of: Sample.name()).last)
    #expect(version.trainingData == data)
    let bundle = try #require(await bench.bundles.bundle(version.bundle)).contents
    let bill = try JSON(parsing: try #require(bundle.bytes(at: ModelBill.path)))
    let parts = (bill["components"]?.array ?? []).filter { $0["type"] == "data" }
    #expect(parts.map { $0["name"] } == ["part-1.parquet", "part-2.parquet"])
    #expect(
      parts.map { $0["hashes"]?.array?.first?["content"]?.string } == data.sets.map(\.digest.hexadecimal))
    #expect(await bench.audit().problems == [])
  }

  @Test func `makes another version of the same bytes where it is other data`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      func version(_ data: TrainingData) async throws -> Int? {
        try await Bench.push(Fixture.tree, trainedWith: data, to: control).version?.value
      }
      #expect(try await version(.unstated) == 1)
      let (both, first) = (try Self.data(1, 2), try Self.data(1))
      #expect(try await version(both) == 2)
      #expect(try await version(try Self.data(2, 1)) == 2)
      #expect(try await version(first) == 3)
      #expect(try await version(both) == 2)
    }
    let bundles = Set(await bench.registry.versions(of: Sample.name()).map(\.bundle))
    #expect(bundles.count == 3)
  }

  @Test func `is not asked for again where the same bytes mend their version`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let first = try await Bench.push(Fixture.tree, trainedWith: try Self.data(1), to: control)
      await bench.bundles.lose(try #require(first.digest))
      let again = try await Bench.push(Fixture.tree, to: control)
      #expect(again.digest == first.digest)
    }
    #expect(await bench.registry.versions(of: Sample.name()).count == 1)
    #expect(await bench.audit().problems == [])
  }

  @Test func `of every size that is allowed fits the ledger`() async throws {
    let bench = try Bench()
    let data = try TrainingData(
      (1...TrainingData.limit).map {
        try DataSet(name: "\(String(repeating: "\"", count: 126))\($0)", digest: Sample.digest($0))
      })
    let outcome = try await bench.run { try await Bench.push(Fixture.tree, trainedWith: data, to: $0) }
    #expect(outcome.status == .live)
    #expect(await bench.audit().problems == [])
  }
}
