public import Domain

/// Watches the callers of a model for those who copy it or look for its boundary, row by row and in bounded memory.
///
/// A value for one event loop. A caller whose requests are spread over loops is seen by each in part: what takes one loop
/// n rows takes as many loops up to n each, and each has its own budget of false alarms; send a caller's rows to one watch
/// where it matters. Of more callers than `budget.callerLimit` the one that was not seen for longest is forgotten, with
/// all evidence against it: who asks under many names, and is forgotten between two requests of one, is not found.
///
/// What is promised, and of which rows, is in `docs/monitoring.md`.
public struct CallerWatch: Sendable {
  /// How many variants of one row, each with a quarter of the features changed at most, are nobody's business.
  static let variantLimit: UInt16 = 24
  /// For how many rows a sign of a caller is not told of again.
  static let restRows: UInt32 = 10_000

  /// What a row that is near no other takes of the evidence of a search, and one that came before of all other, in nats.
  private static let fading: Float = 0.02

  /// What honest rows look like.
  public let baseline: CallerBaseline
  /// What may be told falsely, and how many callers are watched.
  public let budget: CallerBudget
  /// How many callers were forgotten for want of room.
  public private(set) var forgotten = 0

  private struct Caller {
    var id: UInt64
    var seen: UInt64
    var rows: UInt64 = 0
    var variants: UInt16 = 0
    /// Whether the row before is still without a partner.
    var isUnpaired = false
  }

  private struct Evidence {
    var sum: Float = 0
    var looks: UInt32 = 0
    var hits: UInt32 = 0
    var rest: UInt32 = 0
  }

  private let bets: [RareEventBet?]
  private let threshold: Float
  private var memory: CallerMemory
  private var places: [UInt64: Int] = [:]
  private var callers: [Caller] = []
  private var evidence: [Evidence] = []
  private var clock: UInt64 = 0

  /// Watches from now on.
  public init(_ baseline: CallerBaseline, budget: CallerBudget = CallerBudget()) {
    self.baseline = baseline
    self.budget = budget
    bets = CallerAlarm.Sign.allCases.map(baseline.bet(on:))
    threshold = Float(naturalLogarithm(budget.threshold))
    memory = CallerMemory(scale: baseline.scale, grid: baseline.grid)
  }

  /// How many callers are watched now.
  public var callerCount: Int { callers.count }

  /// Whether something is remembered of a caller.
  public func isWatching(_ id: UInt64) -> Bool { places[id] != nil }

  /// The signs that cannot be told from what honest callers do, by what training looks like.
  public var blindTo: [CallerAlarm.Sign] {
    CallerAlarm.Sign.allCases.filter { bets[$0.rawValue] == nil }
  }

  /// How many bytes of memory all of it takes.
  public var memoryBytes: Int {
    memory.memory + callers.capacity * MemoryLayout<Caller>.stride
      + evidence.capacity * MemoryLayout<Evidence>.stride + places.capacity * 4 / 3 * 17
  }

  /// Takes rows of one caller and the answers that it got: numbers and categories as `ModelProfile.observe` does, the place
  /// of each row's class, and by how much its probability is above the next one's, from 0 to 1; nil where there is none.
  ///
  /// There is an alarm each time that the evidence is there; within 10,000 rows of one that was told, further ones of the same sign
  /// say that they repeat it. `labels` and `margins` may be empty. Throws `monitoring.unlike-rows`, and takes nothing then.
  public mutating func observe(
    caller id: UInt64, rows: Int, numbers: Span<Double>, texts: [String?] = [], labels: [Int?] = [],
    margins: [Double?] = []
  ) throws(Problem) -> [CallerAlarm] {
    let width = baseline.scale.width
    guard rows >= 0, numbers.count.isProduct(of: rows, width.numbers),
      texts.count.isProduct(of: rows, width.texts), labels.isEmpty || labels.count == rows,
      margins.isEmpty || margins.count == rows
    else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(width.numbers) numbers, \(width.texts) categories and one answer or none for each of \(rows)"
          + " rows, found \(numbers.count), \(texts.count), \(labels.count) and \(margins.count) in all")
    }
    guard rows > 0 else { return [] }
    let caller = place(of: id)
    var alarms: [CallerAlarm] = []
    unsafe numbers.withUnsafeBufferPointer { cells in
      unsafe withUnsafeTemporaryAllocation(of: UInt16.self, capacity: RowScale.lanes) { codes in
        for row in 0..<rows {
          let mark = unsafe baseline.scale.code(
            UnsafeBufferPointer(rebasing: cells[row * width.numbers..<(row + 1) * width.numbers]),
            texts[row * width.texts..<(row + 1) * width.texts], into: codes)
          let label = labels.isEmpty ? nil : labels[row].flatMap { Int16(exactly: $0) }
          let margin = margins.isEmpty ? nil : margins[row]
          unsafe observe(
            caller, UnsafeBufferPointer(codes), mark, label.flatMap { $0 < 0 ? nil : $0 },
            margin.flatMap { $0.isNaN ? nil : UInt16(min(max($0, 0), 1) * 65_534) }, &alarms)
        }
      }
    }
    return alarms
  }

  private mutating func observe(
    _ caller: Int, _ codes: UnsafeBufferPointer<UInt16>, _ mark: UInt32, _ label: Int16?, _ margin: UInt16?,
    _ alarms: inout [CallerAlarm]
  ) {
    callers[caller].rows += 1
    let sight = unsafe memory.look(caller, codes, mark: mark, label: label, margin: margin)
    guard !sight.isRepeat else {
      // Of a long list that is asked about again and again the same few rows seem new in each round.
      for sign in [.farApart, .exploring, .recurring, .crowding] as [CallerAlarm.Sign] { fade(sign, caller) }
      return
    }
    let variants = sight.isVariant ? min(callers[caller].variants + 1, Self.variantLimit + 1) : 0
    callers[caller].variants = variants
    let isTolerated = variants > 0 && variants <= Self.variantLimit
    let isNear = sight.nearest <= baseline.scale.nearLimit
    if isNear {
      if let label, let other = sight.nearestLabel { bet(on: .flipping, caller, label != other, &alarms) }
      if let margin, let other = sight.nearestMargin, !isTolerated {
        bet(on: .approaching, caller, margin < other, &alarms)
      }
    } else {
      fade(.flipping, caller)
      fade(.approaching, caller)
    }
    guard !isTolerated else {
      callers[caller].isUnpaired = false
      return
    }
    if callers[caller].isUnpaired, let step = sight.step {
      bet(on: .farApart, caller, step > baseline.farStep, &alarms)
      callers[caller].isUnpaired = false
    } else {
      callers[caller].isUnpaired = true
    }
    bet(on: .exploring, caller, sight.rareCells >= baseline.rareLimit, &alarms)
    bet(on: .crowding, caller, isNear, &alarms)
    if !isNear { bet(on: .recurring, caller, sight.recurs, &alarms) }
  }

  /// Takes a little evidence away: a search is many rows close together, and a few near neighbours in each round of a list
  /// that is asked about again and again are none.
  private mutating func fade(_ sign: CallerAlarm.Sign, _ caller: Int) {
    let place = caller * CallerAlarm.Sign.allCases.count + sign.rawValue
    guard evidence[place].sum > 0 else { return }
    evidence[place].sum -= Self.fading
    if evidence[place].sum <= 0 { evidence[place] = Evidence(rest: evidence[place].rest) }
  }

  private mutating func bet(
    on sign: CallerAlarm.Sign, _ caller: Int, _ isHit: Bool, _ alarms: inout [CallerAlarm]
  ) {
    guard let bet = bets[sign.rawValue] else { return }
    let place = caller * CallerAlarm.Sign.allCases.count + sign.rawValue
    var own = evidence[place]
    if own.rest > 0 { own.rest -= 1 }
    own.sum += isHit ? bet.hit : bet.miss
    own.looks += 1
    own.hits += isHit ? 1 : 0
    if own.sum <= 0 {
      own = Evidence(rest: own.rest)
    } else if own.sum >= threshold {
      alarms.append(
        CallerAlarm(
          caller: callers[caller].id, attack: attack(shownBy: sign, caller), sign: sign,
          rows: Int(callers[caller].rows), looks: Int(own.looks),
          hits: Int(own.hits), tolerated: bet.tolerated, eValue: exponential(Double(own.sum)),
          threshold: budget.threshold, isRepeated: own.rest > 0))
      own = Evidence(rest: own.rest > 0 ? own.rest : Self.restRows)
    }
    evidence[place] = own
  }

  private func attack(shownBy sign: CallerAlarm.Sign, _ caller: Int) -> CallerAlarm.Attack {
    func isGrowing(_ sign: CallerAlarm.Sign) -> Bool {
      evidence[caller * CallerAlarm.Sign.allCases.count + sign.rawValue].sum > 0
    }
    return switch sign {
    case .farApart, .exploring, .recurring: .extraction
    case .crowding: isGrowing(.flipping) || isGrowing(.approaching) ? .evasion : .extraction
    case .flipping, .approaching: .evasion
    }
  }

  /// The place of a caller, which is made where it has none.
  private mutating func place(of id: UInt64) -> Int {
    clock += 1
    if let place = places[id] {
      callers[place].seen = clock
      return place
    }
    let signs = CallerAlarm.Sign.allCases.count
    let caller = Caller(id: id, seen: clock)
    guard callers.count == budget.callerLimit else {
      if callers.count == callers.capacity { reserve(min(max(8, 2 * callers.count), budget.callerLimit)) }
      let place = memory.add()
      callers.append(caller)
      evidence += repeatElement(Evidence(), count: signs)
      places[id] = place
      return place
    }
    // As many comparisons as there are callers, where one comes that was not seen for long.
    let oldest = callers.indices.min { callers[$0].seen < callers[$1].seen } ?? 0
    places[callers[oldest].id] = nil
    places[id] = oldest
    callers[oldest] = caller
    memory.forget(oldest)
    for sign in 0..<signs { evidence[oldest * signs + sign] = Evidence() }
    forgotten += 1
    return oldest
  }

  private mutating func reserve(_ count: Int) {
    memory.reserve(count)
    callers.reserveCapacity(count)
    evidence.reserveCapacity(count * CallerAlarm.Sign.allCases.count)
    places.reserveCapacity(count)
  }
}

extension CallerBaseline {
  /// The most that honest near neighbours may differ in their label, and may be closer to the boundary.
  private static let (flippingShare, approachingShare) = (0.1, 0.6)

  /// The bet on a sign, by how often training shows it.
  func bet(on sign: CallerAlarm.Sign) -> RareEventBet? {
    func measured(_ share: Double, draws: Int, floor: Double, reach: Double) -> RareEventBet? {
      RareEventBet(
        tolerated: RareEventBet.tolerated(share: share, draws: draws, floor: floor), reach: reach)
    }
    return switch sign {
    case .farApart: measured(farShare, draws: rows, floor: 0.06, reach: 0.2)
    case .exploring: measured(rareShare, draws: rows / 2, floor: 0.06, reach: 0.3)
    case .recurring: measured(recurringShare, draws: rows, floor: 0.05, reach: 0.25)
    case .crowding: measured(nearShare, draws: rows, floor: 0.25, reach: 0.5)
    case .flipping: RareEventBet(tolerated: Self.flippingShare, reach: 0.2)
    case .approaching: RareEventBet(tolerated: Self.approachingShare, reach: 0.6)
    }
  }
}
