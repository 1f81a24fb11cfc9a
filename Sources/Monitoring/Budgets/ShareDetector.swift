import Domain

/// Watches one stream of cells for a change against training: an e-detector (Shin, Ramdas and Rinaldo, "E-detectors: a
/// nonparametric framework for sequential change detection", 2024).
///
/// A change may begin at any moment, and a test that began long before it would have to undo all that it had learnt. So
/// a test begins anew every 250 requests and lives for 2,000; others every 2,000 and every 16,000, for changes that are
/// small. Each is an e-process of its own; together they are a mixture, in which each has as weight the part of a year
/// since the one before it began. The weights of a year sum to 1, so that by Ville's inequality the mixture reaches
/// 1 / b in any year with probability b at most, however often one looks.
///
/// The first tests have the weight of one day, for nothing came before them.
public struct ShareDetector: Sendable {
  /// The requests of a test's first part, and the weight of the test that began with it.
  struct Block: Sendable {
    var counts: [Double]
    var rows = 0.0
    let begun: Timestamp
    let weight: Double
  }

  /// Tests of one length.
  struct Scale: Sendable {
    let step: Double
    let share: Double
    var blocks: [Block] = []
    var lastBegun: Timestamp?
    /// The logarithm of the weighted sum of this scale's e-values, as it was when it was last worked out.
    var evidence = -Double.infinity
    var strongest: Suspicion?
    var unread = 0.0
  }

  /// What one test saw.
  struct Suspicion: Sendable {
    let counts: [Double]
    let since: Timestamp
    let evidence: Double
  }

  /// How many blocks a test lives for.
  static let life = 8
  /// Where requests come fast tests begin no faster than this, in milliseconds.
  static let shortestStep: Int64 = 60_000
  /// A clock that goes back by more than this many milliseconds was wrong before: tests go on by what it says now.
  static let longestStepBack: Int64 = 3_600_000

  let reference: ShareReference
  private(set) var scales: [Scale]
  /// When the last span ended, and so the next begins.
  private(set) var ended: Timestamp?
  /// Whether an alert stands.
  public private(set) var isRaised = false

  /// Watches for changes against a reference.
  public init(_ reference: ShareReference) {
    self.reference = reference
    scales = [(250, 0.6), (2_000, 0.25), (16_000, 0.15)].map { Scale(step: $0.0, share: $0.1) }
  }

  /// Goes on with what tests came to before.
  mutating func restore(_ scales: [Scale], ended: Timestamp?, isRaised: Bool) {
    (self.scales, self.ended, self.isRaised) = (scales, ended, isRaised)
  }

  /// The logarithm of the e-value of the year.
  public var evidence: Double { logarithmOfSum(scales.map(\.evidence)) }

  /// Takes counts of live values, one a cell, of a span of time that ends at `moment`; whether there is a change to be
  /// told of, or one that has gone, at a threshold whose logarithm is given.
  mutating func observe(_ counts: [Double], until moment: Timestamp, threshold: Double) -> Turn? {
    let rows = counts.reduce(0, +)
    guard rows > 0, counts.count == reference.weights.count else { return nil }
    let begun = min(ended ?? moment, moment)
    ended = moment
    for place in scales.indices { observe(counts, rows, place, begun, threshold) }
    let evidence = evidence
    if isRaised {
      guard hasRecovered else { return nil }
      isRaised = false
      beginAnew()
      return .cleared
    }
    guard evidence >= threshold,
      let strongest = scales.compactMap(\.strongest).max(by: { $0.evidence < $1.evidence })
    else { return nil }
    isRaised = true
    beginAnew()
    return .raised(strongest, evidence: evidence)
  }

  /// Forgets what was counted: what comes after an alert, or after its end, is held against training for itself.
  private mutating func beginAnew() {
    for place in scales.indices {
      scales[place].blocks = []
      scales[place].evidence = -.infinity
      scales[place].strongest = nil
      scales[place].unread = 0
    }
  }

  /// What a detector has to say.
  enum Turn {
    case raised(Suspicion, evidence: Double)
    case cleared
  }

  private mutating func observe(
    _ counts: [Double], _ rows: Double, _ place: Int, _ begun: Timestamp, _ threshold: Double
  ) {
    let isFull = scales[place].blocks.last.map {
      $0.rows >= scales[place].step
        && (begun >= $0.begun.later(by: Self.shortestStep)
          || begun.later(by: Self.longestStepBack) < $0.begun)
    }
    if isFull ?? true { begin(place, begun) }
    let last = scales[place].blocks.count - 1
    for cell in counts.indices { scales[place].blocks[last].counts[cell] += counts[cell] }
    scales[place].blocks[last].rows += rows
    scales[place].unread += rows
    // Longer tests are looked at less often: nobody waits for them.
    guard scales[place].unread * Double(Self.life) >= scales[place].step else { return }
    scales[place].unread = 0
    read(place, threshold)
  }

  private mutating func begin(_ place: Int, _ moment: Timestamp) {
    let before = scales[place].lastBegun.map {
      moment.milliseconds.subtractingReportingOverflow($0.milliseconds)
    }
    let elapsed = before.map { $0.overflow ? 0 : max(0, $0.partialValue) } ?? 86_400_000
    let part = min(1, Double(elapsed) / Double(AlertBudget.year))
    // Windows may come a little out of order; from a clock that was put back on, time is counted anew.
    let last = scales[place].lastBegun ?? moment
    scales[place].lastBegun = moment.later(by: Self.longestStepBack) < last ? moment : max(moment, last)
    if scales[place].blocks.count == Self.life { scales[place].blocks.removeFirst() }
    scales[place].blocks.append(
      Block(
        counts: [Double](repeating: 0, count: reference.weights.count), begun: moment,
        weight: naturalLogarithm(scales[place].share * part)))
  }

  /// Works out the evidence of each test of a scale, the youngest first.
  private mutating func read(_ place: Int, _ threshold: Double) {
    var counts = [Double](repeating: 0, count: reference.weights.count)
    var rows = 0.0
    var terms: [Double] = []
    scales[place].strongest = nil
    for block in scales[place].blocks.reversed() {
      for cell in counts.indices { counts[cell] += block.counts[cell] }
      rows += block.rows
      // Not looking is always allowed, and most need no more than a glance; half leaves room for what that misses.
      let rough = reference.roughEvidence(counts, rows: rows) + block.weight
      guard rough >= threshold / 2 || isRaised else { continue }
      let evidence = reference.evidence(counts) + block.weight
      terms.append(evidence)
      if evidence > scales[place].strongest?.evidence ?? -.infinity {
        scales[place].strongest = Suspicion(counts: counts, since: block.begun, evidence: evidence)
      }
    }
    scales[place].evidence = logarithmOfSum(terms)
  }

  /// Whether all that came over a whole life of the shortest test speaks for training.
  private var hasRecovered: Bool {
    let blocks = scales[0].blocks
    guard blocks.count == Self.life, let last = blocks.last, last.rows >= scales[0].step else { return false }
    var counts = [Double](repeating: 0, count: reference.weights.count)
    for block in blocks { for cell in counts.indices { counts[cell] += block.counts[cell] } }
    return reference.evidence(counts) < 0
  }
}
