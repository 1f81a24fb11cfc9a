import Domain
import Encoding

extension Tally {
  /// The counts as an array of two.
  var json: JSON { [JSON(part), JSON(whole)] }

  /// Reads what `json` writes.
  init(_ fields: Fields, _ name: String) throws(Problem) {
    let counts = try fields.elements(name, upTo: 2).compactMap(\.int)
    guard counts.count == 2, counts[0] >= 0, counts[0] <= counts[1] else {
      throw fields.unexpected("how many of how many", name)
    }
    self.init(counts[0], of: counts[1])
  }
}

extension RateTest {
  /// What came up to now, as an object; line and claim are the criteria's to know.
  var json: JSON {
    var members: [String: JSON] = [
      "known": known.json, "canary": canary.json, "champion": champion.json,
      "gains": .array(gains.map { .number($0) }),
      "restarts": .array(restarts.map { .array($0.map { .number($0) }) }),
    ]
    // One of both is empty: what has some of each is a block.
    if waiting.canary.whole > 0 { members["waitingCanary"] = waiting.canary.json }
    if waiting.champion.whole > 0 { members["waitingChampion"] = waiting.champion.json }
    return .object(members)
  }

  /// Goes on from what `json` wrote of a test of the same claim.
  mutating func restore(_ json: JSON, code: String) throws(Problem) {
    let fields = Fields(json, "test", code: code)
    try fields.allow([
      "known", "canary", "champion", "waitingCanary", "waitingChampion", "gains", "restarts",
    ])
    let gains = try fields.numbers("gains", upTo: Self.betCount(claim), in: -1e6...1e6)
    var restarts: [[Double]] = []
    for start in try fields.elements("restarts", upTo: Self.restartLimit) {
      let numbers = start.array?.prefix(Self.betCount(claim) + 1).compactMap(\.double) ?? []
      guard numbers.count == Self.betCount(claim), numbers.allSatisfy({ -1e6...1e6 ~= $0 }) else {
        throw fields.unexpected("\(Self.betCount(claim)) numbers for each", "restarts")
      }
      restarts.append(numbers)
    }
    guard gains.count == Self.betCount(claim) else {
      throw fields.unexpected("\(Self.betCount(claim)) numbers", "gains")
    }
    var waiting = Block()
    if fields.has("waitingCanary") { waiting.canary = try Tally(fields, "waitingCanary") }
    if fields.has("waitingChampion") { waiting.champion = try Tally(fields, "waitingChampion") }
    guard waiting.canary.whole == 0 || waiting.champion.whole == 0 else {
      throw fields.unexpected("nothing beside 'waitingCanary'", "waitingChampion")
    }
    self = RateTest(
      claim, boundary: boundary, known: try Tally(fields, "known"), canary: try Tally(fields, "canary"),
      champion: try Tally(fields, "champion"), waiting: waiting, gains: gains, restarts: restarts)
  }
}
