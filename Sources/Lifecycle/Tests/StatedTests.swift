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
    if fields.has("data") {
      let members = RecordFields(try fields.value("data"), "push's rows", code: "request.member")
      try members.allow(["name", "digest"])
      data = try DataSet(name: try members.text("name"), digest: try members.digest("digest"))
    } else {
      data = nil
    }
    seed = try fields.has("seed") ? Self.seed(parsing: fields.text("seed")) : nil
  }

  /// A seed as text, which holds what numbers in JSON need not; throws `request.member`.
  public static func seed(parsing text: String) throws(Problem) -> UInt64 {
    guard let seed = UInt64(text), String(seed) == text else {
      throw Problem(
        .badInput, "request.member",
        "expected a seed, a whole number from 0 to 18446744073709551615, found '\(text.excerpt(40))'")
    }
    return seed
  }

  /// Whether tests that were run are these.
  func matches(_ record: TestRecord) -> Bool {
    plan == record.plan && data == record.data && [nil, record.seed].contains(seed)
  }
}
