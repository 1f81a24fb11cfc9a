import Domain

/// Makes a pair of rows that breaks a property as simple as it gets: few columns that matter, few digits.
struct PropertyShrinker {
  /// How many pairs are asked about at most.
  private static let limit = 4000
  /// How many other values are tried for the changed columns.
  private static let draws = 128

  let trial: PropertyTrial

  /// The simplest pair that was found, and what the model answers to it.
  func shrunk(_ pair: PropertyTrial.Pair) throws(Problem) -> (
    pair: PropertyTrial.Pair, answers: [ProbeAnswer]
  ) {
    var best = pair
    var left = Self.limit
    while left > 0 {
      let before = best
      try clear(&best, &left)
      try restore(&best, &left)
      try redraw(&best, &left)
      for place in trial.sources.indices { try simplify(place, of: &best, &left) }
      // Each round leaves a pair of smaller measure, or the same.
      if best == before { break }
    }
    return (best, try trial.probe.answers(to: [best.base, best.changed]))
  }

  /// Takes the first of some candidates that still breaks the property.
  private func take(
    _ candidates: [PropertyTrial.Pair], _ best: inout PropertyTrial.Pair, _ left: inout Int
  ) throws(Problem) -> Bool {
    let allowed = candidates.filter { trial.isAllowed($0) && $0 != best }.prefix(max(0, left))
    guard !allowed.isEmpty else { return false }
    left -= allowed.count
    guard let found = try trial.firstBroken(of: Array(allowed)) else { return false }
    best = allowed[found]
    return true
  }

  /// Sets columns that do not matter to their simplest values: all at once, by halves, then one by one.
  private func clear(_ best: inout PropertyTrial.Pair, _ left: inout Int) throws(Problem) {
    var size = trial.sources.count
    while size >= 1 {
      for start in stride(from: 0, to: trial.sources.count, by: size) {
        var candidate = best
        for place in start..<min(start + size, trial.sources.count) where !trial.places.contains(place) {
          candidate.base[place] = trial.sources[place].simplest
          candidate.changed[place] = trial.sources[place].simplest
        }
        _ = try take([candidate], &best, &left)
      }
      size = size == 1 ? 0 : (size + 1) / 2
    }
  }

  /// Does without columns that matter for these values of the changed ones, by looking for others: all of them at once,
  /// then each by itself.
  private func redraw(_ best: inout PropertyTrial.Pair, _ left: inout Int) throws(Problem) {
    func needed() -> [Int] {
      trial.sources.indices.filter {
        !trial.places.contains($0) && best.base[$0] != trial.sources[$0].simplest
      }
    }
    let found = needed()
    var numbers = SplitMix64(seed: 0, stream: "redraw")
    for places in [found] + found.map({ [$0] }) {
      // What an earlier turn did without needs no turn of its own.
      let still = Set(places).intersection(needed())
      guard !still.isEmpty else { continue }
      var row = best.base
      for place in still { row[place] = trial.sources[place].simplest }
      _ = try take((0..<Self.draws).map { _ in trial.pair(from: row, &numbers) }, &best, &left)
    }
  }

  /// Has columns that were changed without need be as in the other row.
  private func restore(_ best: inout PropertyTrial.Pair, _ left: inout Int) throws(Problem) {
    for place in trial.places {
      var (one, other) = (best, best)
      one.changed[place] = best.base[place]
      other.base[place] = best.changed[place]
      _ = try take([one, other], &best, &left)
    }
  }

  /// Finds simpler values for a column, in both rows where they are the same.
  private func simplify(
    _ place: Int, of best: inout PropertyTrial.Pair, _ left: inout Int
  ) throws(Problem) {
    let source = trial.sources[place]
    while left > 0 {
      let (base, changed) = (best.base[place], best.changed[place])
      var candidates: [PropertyTrial.Pair] = []
      func add(_ base: Cell, _ changed: Cell) {
        var candidate = best
        (candidate.base[place], candidate.changed[place]) = (base, changed)
        candidates.append(candidate)
      }
      if base == changed {
        for cell in source.simpler(than: base) { add(cell, cell) }
      } else {
        for cell in source.simpler(than: base) { add(cell, changed) }
        for cell in source.simpler(than: changed) { add(base, cell) }
      }
      guard try take(candidates, &best, &left) else { return }
    }
  }
}
