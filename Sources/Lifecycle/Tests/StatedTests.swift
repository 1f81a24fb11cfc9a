public import Domain
public import Encoding
import Gates

/// The tests that a push brings along: their files are blobs by then.
public struct StatedTests: Hashable, Sendable {
  /// The plan's file, as `gatehouse test` takes it.
  public let plan: Digest
  /// Rows with their labels, as CSV; nil where the plan asks for none.
  public let data: DataSet?
  /// Where chance begins; nil for the plan's own.
  public let seed: UInt64?

  /// Names a plan and what it is held against.
  public init(plan: Digest, data: DataSet? = nil, seed: UInt64? = nil) {
    self.plan = plan
    self.data = data
    self.seed = seed
  }

  /// Reads `{"plan","data":{"name","digest"},"seed"}`; throws `request.member`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "push's tests", code: "request.member")
    try fields.allow(["plan", "data", "seed"])
    plan = try fields.digest("plan")
    data = try fields.dataSet("data")
    seed = try fields.wholeNumber("seed")
  }

  /// What `init(json:)` reads.
  var json: JSON {
    [
      "plan": .string(plan.description), "seed": seed.map { .string(String($0)) } ?? .null,
      "data": data.map { ["name": .string($0.name), "digest": .string($0.digest.description)] } ?? .null,
    ]
  }

  /// Whether tests that were run are these.
  func matches(_ record: TestRecord) -> Bool {
    plan == record.plan && data == record.data && [nil, record.seed].contains(seed)
  }
}
