public import Domain

/// What a classifier's probabilities turned out to mean on rows that it was not trained on: isotonic regression (pool
/// adjacent violators: Ayer and others, "An empirical distribution function for sampling with incomplete information", 1955).
///
/// Between the middles of two blocks it goes straight from one to the other, beyond the outermost it is level.
public struct CalibrationMap: Sendable, Equatable {
  /// How many rows there are at least: fewer say hardly anything.
  public static let leastRows = 50
  /// How many blocks are kept at most; of more, neighbours are joined.
  public static let blockLimit = 256

  /// The mean probability said in each block, ascending.
  public let said: [Double]
  /// How often it was so in that block, never less than in the one before.
  public let seen: [Double]
  /// How many rows it was learned from.
  public let rows: Int

  /// Learns from what was said of the second of two classes, and whether it was so.
  ///
  /// Throws `monitoring.unlike-rows` where there are not as many of each, and `monitoring.few-rows` below `leastRows` or
  /// where probabilities are none.
  public init(probabilities: [Double], outcomes: [Bool]) throws(Problem) {
    guard probabilities.count == outcomes.count else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(probabilities.count) outcomes, found \(outcomes.count)")
    }
    guard probabilities.count >= Self.leastRows, probabilities.allSatisfy({ (0...1).contains($0) }) else {
      throw Problem(
        .badInput, "monitoring.few-rows",
        "expected at least \(Self.leastRows) probabilities from 0 to 1, found \(probabilities.count) numbers",
        hint: "give rows that the model was not trained on, with their labels")
    }
    struct Block {
      var said = 0.0
      var seen = 0.0
      var rows = 0.0
      mutating func take(_ other: Block) {
        (said, seen, rows) = (said + other.said, seen + other.seen, rows + other.rows)
      }
    }
    var blocks: [Block] = []
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    for (place, row) in order.enumerated() {
      let own = Block(said: probabilities[row], seen: outcomes[row] ? 1 : 0, rows: 1)
      // What was said of both is one question, and has one answer.
      if place > 0, probabilities[order[place - 1]] == probabilities[row], !blocks.isEmpty {
        blocks[blocks.count - 1].take(own)
      } else {
        blocks.append(own)
      }
      while blocks.count > 1, let last = blocks.last {
        let before = blocks[blocks.count - 2]
        guard before.seen * last.rows >= last.seen * before.rows,
          place + 1 == order.count
            || probabilities[order[place + 1]] != probabilities[row]
        else { break }
        blocks.removeLast()
        blocks[blocks.count - 1].take(last)
      }
    }
    while blocks.count > Self.blockLimit {
      blocks = stride(from: 0, to: blocks.count, by: 2).map { first in
        var joined = blocks[first]
        if first + 1 < blocks.count { joined.take(blocks[first + 1]) }
        return joined
      }
    }
    said = blocks.map { $0.said / $0.rows }
    seen = blocks.map { $0.seen / $0.rows }
    rows = probabilities.count
  }

  /// How often what is said with this probability is so.
  public func callAsFunction(_ probability: Double) -> Double {
    guard let first = said.first, let last = said.last, !probability.isNaN else { return probability }
    if probability <= first { return seen[0] }
    if probability >= last { return seen[seen.count - 1] }
    var (low, high) = (0, said.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if said[middle] <= probability { low = middle } else { high = middle }
    }
    let width = said[high] - said[low]
    guard width > 0 else { return seen[high] }
    return seen[low] + (seen[high] - seen[low]) * (probability - said[low]) / width
  }
}
