public import Domain
public import Encoding

/// What was done about processes that did not answer, or not right: what keeps it from being done again and again, over restarts too.
public struct SupervisionRecord: Equatable, Sendable {
  /// What was done for one cause.
  public struct Cause: Equatable, Sendable {
    /// What was the matter: `listener`, `control-socket`, `check iris@1`.
    public let id: String
    /// When it was begun to replace a process for it, ascending.
    public var tried: [Timestamp]
    /// Whether a process was replaced for it.
    public var isReplaced: Bool
    /// Whether it was said that no process is replaced for it any more.
    public var isGivenUp: Bool

    /// States what was done.
    public init(id: String, tried: [Timestamp] = [], isReplaced: Bool = false, isGivenUp: Bool = false) {
      self.id = id
      self.tried = tried
      self.isReplaced = isReplaced
      self.isGivenUp = isGivenUp
    }
  }

  /// How many causes are remembered: those for which something was done last.
  public static let causeLimit = 64
  /// How many moments are remembered of each, and of all.
  public static let momentLimit = 16
  /// Nothing was done.
  public static let none = SupervisionRecord(causes: [], tried: [])

  /// What was done for each, the latest last.
  public private(set) var causes: [Cause]
  /// When it was begun to replace a process, whatever for, ascending.
  public private(set) var tried: [Timestamp]

  /// States what was done; the earliest is left out where there is too much of it.
  public init(causes: [Cause], tried: [Timestamp]) {
    self.causes = causes.suffix(Self.causeLimit).map { cause in
      var cause = cause
      cause.tried = cause.tried.suffix(Self.momentLimit)
      return cause
    }
    self.tried = tried.suffix(Self.momentLimit)
  }

  /// What was done for a cause; nil where nothing was.
  public subscript(id: String) -> Cause? { causes.first { $0.id == id } }

  /// The same without some causes.
  public func without(_ ids: Set<String>) -> SupervisionRecord {
    SupervisionRecord(causes: causes.filter { !ids.contains($0.id) }, tried: tried)
  }

  /// The same, once it is begun to replace a process for these.
  public func trying(_ ids: [String], at moment: Timestamp) -> SupervisionRecord {
    changing(ids) { $0.tried.append(moment) }.at(moment)
  }

  /// The same, once a process was replaced for these.
  public func replaced(_ ids: [String]) -> SupervisionRecord { changing(ids) { $0.isReplaced = true } }

  /// The same, once it is said that no process is replaced for these any more.
  public func givingUp(_ ids: [String]) -> SupervisionRecord { changing(ids) { $0.isGivenUp = true } }

  private func at(_ moment: Timestamp) -> SupervisionRecord {
    SupervisionRecord(causes: causes, tried: tried + [moment])
  }

  private func changing(_ ids: [String], _ change: (inout Cause) -> Void) -> SupervisionRecord {
    var others = causes
    for id in ids {
      var cause = others.first { $0.id == id } ?? Cause(id: id)
      others.removeAll { $0.id == id }
      change(&cause)
      others.append(cause)
    }
    return SupervisionRecord(causes: others, tried: tried)
  }

  /// The record as registry and ledger have it.
  public var json: JSON {
    [
      "causes": .array(
        causes.map { cause in
          [
            "cause": .string(cause.id), "tried": .array(cause.tried.map { .integer($0.milliseconds) }),
            "replaced": .bool(cause.isReplaced), "givenUp": .bool(cause.isGivenUp),
          ]
        }), "tried": .array(tried.map { .integer($0.milliseconds) }),
    ]
  }

  /// Reads what `json` writes; throws `supervision.malformed`.
  public init(json: JSON) throws(Problem) {
    guard let elements = json["causes"]?.array, let tried = Self.moments(json["tried"]),
      elements.count <= Self.causeLimit
    else { throw Self.malformed }
    var causes: [Cause] = []
    for element in elements {
      guard let id = element["cause"]?.string, let tried = Self.moments(element["tried"]),
        let isReplaced = element["replaced"]?.bool, let isGivenUp = element["givenUp"]?.bool
      else { throw Self.malformed }
      causes.append(Cause(id: id, tried: tried, isReplaced: isReplaced, isGivenUp: isGivenUp))
    }
    self.init(causes: causes, tried: tried)
  }

  private static func moments(_ json: JSON?) -> [Timestamp]? {
    guard let elements = json?.array, elements.count <= momentLimit else { return nil }
    let moments = elements.compactMap { $0.integer.map { Timestamp(milliseconds: $0) } }
    return moments.count == elements.count ? moments : nil
  }

  private static let malformed = Problem(
    .badInput, "supervision.malformed",
    "expected what was done about processes, with causes, moments and what came of it, found something else")
}
