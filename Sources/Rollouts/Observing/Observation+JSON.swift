public import Domain
public import Encoding

extension Observation {
  /// The most bytes of an observation as a document.
  public static let sizeLimit = 256 << 10

  /// The observation as an object; what was not seen is left out.
  public var json: JSON {
    var members: [String: JSON] = [:]
    let counts = [
      ("answered", answered), ("refused", refused), ("failed", failed), ("compared", compared),
      ("disagreeing", disagreeing),
    ]
    for (name, count) in counts where count > 0 { members[name] = JSON(count) }
    if latency != LatencyCounts() { members["latency"] = .array(latency.buckets.map { JSON($0) }) }
    if !alarms.isEmpty { members["alarms"] = .array(alarms.map(\.json)) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `observation.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = Fields(json, "observation", code: Self.malformedCode)
    try fields.allow(["answered", "refused", "failed", "compared", "disagreeing", "latency", "alarms"])
    let compared = try fields.whole("compared", default: 0)
    var latency = LatencyCounts()
    if fields.has("latency") {
      let buckets = try fields.elements("latency", upTo: LatencyBounds.bucketCount).compactMap(\.int)
      guard let counts = LatencyCounts(buckets: buckets) else {
        throw fields.unexpected("\(LatencyBounds.bucketCount) counts", "latency")
      }
      latency = counts
    }
    var alarms: [DriftAlarm] = []
    for alarm in try fields.elements("alarms", upTo: DriftAlarm.limit) {
      alarms.append(try DriftAlarm(json: alarm))
    }
    self.init(
      answered: try fields.whole("answered", default: 0), refused: try fields.whole("refused", default: 0),
      failed: try fields.whole("failed", default: 0), latency: latency, compared: compared,
      disagreeing: try fields.whole("disagreeing", in: 0...compared, default: 0), alarms: alarms)
  }

  /// Reads a document of at most 256 KiB; throws `observation.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    try self.init(json: try JSON(bounded: bytes, upTo: Self.sizeLimit, code: Self.malformedCode))
  }
}
