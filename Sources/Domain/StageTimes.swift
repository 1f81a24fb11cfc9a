public import Encoding

/// What a request spends its time on, in the order in which it does.
public enum RequestStage: String, Sendable, CaseIterable {
  /// From its head until its body is there whole: the network's, and the caller's.
  case receive
  /// Waiting for a thread.
  case queue
  /// Reading the body.
  case decode
  /// Predicting.
  case infer
  /// Writing the answer down.
  case encode
  /// All else: waiting for its turn where few may run at a time, for those that it was gathered with, and for its event loop.
  case rest
}

/// How long requests took in all, stage by stage, in nanoseconds.
public struct StageTimes: Equatable, Sendable {
  private var receive = 0
  private var queue = 0
  private var decode = 0
  private var infer = 0
  private var encode = 0
  private var rest = 0

  /// No time at all.
  public init() {}

  /// How long one stage took.
  public subscript(stage: RequestStage) -> Int {
    get {
      switch stage {
      case .receive: receive
      case .queue: queue
      case .decode: decode
      case .infer: infer
      case .encode: encode
      case .rest: rest
      }
    }
    set {
      switch stage {
      case .receive: receive = newValue
      case .queue: queue = newValue
      case .decode: decode = newValue
      case .infer: infer = newValue
      case .encode: encode = newValue
      case .rest: rest = newValue
      }
    }
  }

  /// All stages together.
  public var total: Int {
    // Without a list of them: it is asked for with every request.
    let limit = Int.longestTaken
    return receive.plus(queue, atMost: limit).plus(decode, atMost: limit).plus(infer, atMost: limit)
      .plus(encode, atMost: limit).plus(rest, atMost: limit)
  }

  /// What both took.
  public static func + (left: StageTimes, right: StageTimes) -> StageTimes {
    left.merged(right) { $0.plus($1, atMost: .longestTaken) }
  }

  /// What came after the right was counted; a count that went back is none.
  public static func - (left: StageTimes, right: StageTimes) -> StageTimes {
    left.merged(right) { max(0, $0 &- $1) }
  }

  private func merged(_ other: StageTimes, _ combine: (Int, Int) -> Int) -> StageTimes {
    // One by one, without a list of the stages: it is done for every request.
    var times = StageTimes()
    times.receive = combine(receive, other.receive)
    times.queue = combine(queue, other.queue)
    times.decode = combine(decode, other.decode)
    times.infer = combine(infer, other.infer)
    times.encode = combine(encode, other.encode)
    times.rest = combine(rest, other.rest)
    return times
  }

  /// The times as the control socket carries them, in the order of the stages.
  public var json: JSON { .array(RequestStage.allCases.map { JSON(self[$0]) }) }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let times = json.array?.compactMap(\.plausibleSpan), times.count == json.array?.count,
      times.count == RequestStage.allCases.count
    else { return nil }
    for (stage, time) in zip(RequestStage.allCases, times) { self[stage] = time }
  }
}
