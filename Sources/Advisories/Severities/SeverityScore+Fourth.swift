// The base score of version 4.0 (specification, section 8.2).
//
// Vectors are sorted into classes, macro vectors, by six sets of metrics; each class has a score that people agreed on, and a
// vector is placed between that of its class and those of the next lower ones by how far it is from the worst of its class.
// Of a base score two of the six sets say nothing more: exploits count as known, and what has to be protected counts as much
// as it can. Whole numbers throughout: tenths of the score, steps of metrics.

extension SeverityScore {
  static func fourth(_ vector: SeverityVector) -> Int? {
    guard let metrics = FourthMetrics(vector) else { return nil }
    return metrics.score
  }
}

/// The metrics of a base score as steps from the worst value.
private struct FourthMetrics {
  private let attack, privileges, interaction: Int
  private let complexity, requirements: Int
  /// Of the system that has the weakness: confidentiality, integrity, availability.
  private let harms: [Int]
  /// Of those behind it.
  private let laterHarms: [Int]

  init?(_ vector: SeverityVector) {
    let harm: KeyValuePairs<Substring, Int> = ["H": 0, "L": 1, "N": 2]
    guard let attack = vector("AV", ["N": 0, "A": 1, "L": 2, "P": 3]),
      let privileges = vector("PR", ["N": 0, "L": 1, "H": 2]),
      let interaction = vector("UI", ["N": 0, "P": 1, "A": 2]),
      let complexity = vector("AC", ["L": 0, "H": 1]), let requirements = vector("AT", ["N": 0, "P": 1])
    else { return nil }
    let harms = (["VC", "VI", "VA"] as [Substring]).compactMap { vector($0, harm) }
    let laterHarms = (["SC", "SI", "SA"] as [Substring]).compactMap { vector($0, harm) }
    guard harms.count == 3, laterHarms.count == 3 else { return nil }
    (self.attack, self.privileges, self.interaction) = (attack, privileges, interaction)
    (self.complexity, self.requirements) = (complexity, requirements)
    (self.harms, self.laterHarms) = (harms, laterHarms)
  }

  // MARK: The class of a vector, table 24 to 29

  private var reach: Int {
    let steps = [attack, privileges, interaction]
    if steps.allSatisfy({ $0 == 0 }) { return 0 }
    return steps.contains(0) && attack != 3 ? 1 : 2
  }

  private var difficulty: Int { complexity == 0 && requirements == 0 ? 0 : 1 }

  private var harm: Int {
    if harms[0] == 0, harms[1] == 0 { return 0 }
    return harms.contains(0) ? 1 : 2
  }

  /// 0 takes a danger to people's safety, which no base metric states.
  private var laterHarm: Int { laterHarms.contains(0) ? 1 : 2 }

  // MARK: How far it is from the worst of its class, table 30

  private var reachDistance: Int? {
    let worst: [[[Int]]] = [[[0, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[3, 0, 0], [1, 1, 1]]]
    return Self.distance([attack, privileges, interaction], fromFirstOf: worst[reach])
  }

  private var difficultyDistance: Int? {
    let worst: [[[Int]]] = [[[0, 0]], [[1, 0], [0, 1]]]
    return Self.distance([complexity, requirements], fromFirstOf: worst[difficulty])
  }

  private var harmDistance: Int? {
    let worst: [[[Int]]] = [[[0, 0, 0]], [[1, 0, 0], [0, 1, 0]], [[1, 1, 1]]]
    return Self.distance(harms, fromFirstOf: worst[harm])
  }

  private var laterHarmDistance: Int? {
    Self.distance(laterHarms, fromFirstOf: [laterHarm == 1 ? [0, 0, 0] : [1, 1, 1]])
  }

  /// The steps from the first of the worst that is nowhere better.
  private static func distance(_ steps: [Int], fromFirstOf worst: [[Int]]) -> Int? {
    worst.lazy.map { zip(steps, $0).map { $0 - $1 } }.first { $0.allSatisfy { $0 >= 0 } }?.reduce(0, +)
  }

  // MARK: The score

  var score: Int? {
    guard (harms + laterHarms).contains(where: { $0 != 2 }) else { return 0 }
    guard let value = Self.score(reach, difficulty, harm, harm == 2 ? 1 : 0, laterHarm),
      let reachDistance, let difficultyDistance, let harmDistance, let laterHarmDistance
    else { return nil }
    let lowerHarm =
      switch harm {
      case 0:
        [Self.score(reach, difficulty, 0, 1, laterHarm), Self.score(reach, difficulty, 1, 0, laterHarm)]
      case 1: [Self.score(reach, difficulty, 1, 1, laterHarm)]
      default: [Int?]()
      }
    // How far the next lower class is, how far the vector is on its way there, and how long that way is.
    let ways: [(lower: Int?, distance: Int, length: Int)] = [
      (
        Self.score(reach + 1, difficulty, harm, harm == 2 ? 1 : 0, laterHarm), reachDistance,
        [1, 4, 5][reach]
      ),
      (
        Self.score(reach, difficulty + 1, harm, harm == 2 ? 1 : 0, laterHarm), difficultyDistance,
        [1, 2][difficulty]
      ),
      (lowerHarm.compactMap { $0 }.max(), harmDistance, [7, 8, 10][harm]),
      (
        Self.score(reach, difficulty, harm, harm == 2 ? 1 : 0, laterHarm + 1), laterHarmDistance,
        laterHarm == 1 ? 5 : 4
      ),
    ]
    // In parts of a tenth that every length divides. The class of less known exploits is a way of which nothing is gone.
    let part = 280
    var count = 1
    var gone = 0
    for way in ways {
      guard let lower = way.lower else { continue }
      count += 1
      gone += (value - lower) * way.distance * (part / way.length)
    }
    // value − gone / count, and half a tenth up.
    let (whole, divisor) = (value * part * count - gone, part * count)
    return (2 * whole + divisor) / (2 * divisor)
  }

  /// The score of a class in tenths; nil where there is no such class.
  ///
  /// `needs` is 1 where nothing that is harmed most has to be protected most.
  private static func score(_ reach: Int, _ difficulty: Int, _ harm: Int, _ needs: Int, _ laterHarm: Int)
    -> Int?
  {
    guard 0...2 ~= reach, 0...1 ~= difficulty, 1...2 ~= laterHarm else { return nil }
    let column = harm == 2 ? 4 : harm * 2 + needs
    return classes[reach * 4 + difficulty * 2 + laterHarm - 1][column]
  }

  /// The scores that the specification's authors publish for classes of exploits that are known, in tenths: a row for each of
  /// reach, difficulty and what is harmed behind, in it harm with needs: 00, 01, 10, 11, 21.
  private static let classes: [[Int]] = [
    [100, 96, 93, 92, 79],
    [93, 90, 88, 80, 69],
    [95, 91, 92, 82, 71],
    [92, 81, 84, 70, 63],
    [94, 89, 86, 76, 65],
    [87, 75, 72, 57, 53],
    [90, 77, 74, 59, 58],
    [77, 66, 61, 52, 23],
    [86, 74, 72, 57, 47],
    [70, 54, 53, 36, 24],
    [73, 55, 61, 51, 24],
    [54, 43, 46, 18, 10],
  ]
}
