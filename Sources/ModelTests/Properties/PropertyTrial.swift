import Documents
import Domain
import Encoding

/// Tries a property on pairs of rows that are made of the schema.
struct PropertyTrial {
  /// How many pairs are asked about at once.
  private static let batch = 64

  /// Two rows that differ in the columns of the property alone.
  struct Pair: Equatable {
    var base: [Cell]
    var changed: [Cell]
  }

  let claim: PropertyClaim
  let probe: PropertyProbe
  let sources: [CellSource]
  /// The columns that are changed, by place.
  let places: [Int]

  /// Throws what `PropertyProbe` and `FeatureColumns` throw; a column that the model does not have is a problem too.
  init(_ claim: PropertyClaim, of model: TestedModel, schema: Schema) throws(Problem) {
    let columns = try FeatureColumns(of: model.signature, schema: schema, table: nil, label: nil)
    self.claim = claim
    probe = try PropertyProbe(claim, of: model, columns)
    sources = try columns.columns(of: schema).map(CellSource.init)
    var places: [Int] = []
    for name in claim.relation.columns {
      guard let place = columns.names.firstIndex(of: name) else {
        throw Problem(
          .badInput, "model-tests.property",
          "expected a feature of the model, found the column '\(name.excerpt(80))'", subject: claim.name,
          position: "line \(claim.line)")
      }
      places.append(place)
    }
    self.places = places
  }

  /// Tries as many pairs as the plan says, to the first that breaks the property, and makes that as simple as it gets.
  func result(seed: UInt64) throws(Problem) -> TestResult {
    var numbers = SplitMix64(seed: seed, stream: "property \(claim.line) \(claim.name)")
    var tried = 0
    while tried < claim.trials {
      let pairs = (0..<min(Self.batch, claim.trials - tried)).map { _ in pair(&numbers) }
      if let found = try firstBroken(of: pairs) {
        return result(
          tried: tried + found + 1, broken: try PropertyShrinker(trial: self).shrunk(pairs[found]))
      }
      tried += pairs.count
    }
    return result(tried: tried, broken: nil)
  }

  /// The first of some pairs that breaks the property.
  func firstBroken(of pairs: [Pair]) throws(Problem) -> Int? {
    let answers = try probe.answers(to: pairs.flatMap { [$0.base, $0.changed] })
    return pairs.indices.first { probe.isBroken(answers[2 * $0], answers[2 * $0 + 1]) }
  }

  private func pair(_ numbers: inout SplitMix64) -> Pair {
    pair(from: sources.map { $0.draw(&numbers) }, &numbers)
  }

  /// A pair of this row, and of what other values in the columns of the property make of it.
  func pair(from row: [Cell], _ numbers: inout SplitMix64) -> Pair {
    var (base, changed) = (row, row)
    for place in places {
      switch claim.relation {
      case .invariant: changed[place] = sources[place].draw(&numbers)
      case .increasing, .decreasing:
        // What is missing is neither more nor less.
        var whole = sources[place].column
        whole.mayBeMissing = false
        let source = CellSource(whole)
        let cells = [source.draw(&numbers), source.draw(&numbers)].sorted { Self.isLess($0, $1) }
        (base[place], changed[place]) = (cells[0], cells[1])
      }
    }
    return Pair(base: base, changed: changed)
  }

  /// Whether a pair is one that the property speaks of.
  func isAllowed(_ pair: Pair) -> Bool {
    guard pair.base != pair.changed else { return false }
    if case .invariant = claim.relation { return true }
    return places.allSatisfy { Self.isLess(pair.base[$0], pair.changed[$0]) }
  }

  private static func isLess(_ left: Cell, _ right: Cell) -> Bool {
    guard case .number(let left) = left, case .number(let right) = right else { return false }
    return left < right
  }

  private func result(tried: Int, broken: (pair: Pair, answers: [ProbeAnswer])?) -> TestResult {
    guard let broken else {
      var result = TestResult(kind: .property, name: claim.name, line: claim.line, objection: nil)
      result.tried = tried
      return result
    }
    let names = sources.map(\.column.name)
    let changed = broken.pair.base.indices.filter { broken.pair.base[$0] != broken.pair.changed[$0] }
    let example = CounterExample(
      names: names, row: broken.pair.base, changed: changed.map { ($0, broken.pair.changed[$0]) },
      needed: sources.indices.filter { broken.pair.base[$0] != sources[$0].simplest && !places.contains($0) },
      answers: broken.answers)
    let refusal = broken.answers.lazy.compactMap { answer in
      if case .refused(let code) = answer { code } else { nil }
    }.first
    let columns = claim.relation.columns.listed("and")
    let found = refusal.map { "a row that is refused, \($0)" }
    let objection =
      switch claim.relation {
      case .invariant:
        "expected the same answer whatever stands in \(columns), found \(found ?? "another")"
      case .increasing: "expected no lower answer for more of \(columns), found \(found ?? "one")"
      case .decreasing: "expected no higher answer for more of \(columns), found \(found ?? "one")"
      }
    var result = TestResult(kind: .property, name: claim.name, line: claim.line, objection: objection)
    result.tried = tried
    result.counterExample = example
    return result
  }
}
