public import Domain

/// What a model said of one row.
public enum KeptPrediction: Sendable, Equatable {
  /// One of two classes, and the probability of the second; nil where there was none.
  case binary(Int, probability: Double?)
  /// One of more classes, and its probability; nil where there was none.
  case classes(Int, confidence: Double?)
  /// A number.
  case number(Double)
}

/// What turned out to be true of a row.
public enum TruthLabel: Sendable, Equatable {
  /// Its class, by place.
  case classes(Int)
  /// Its number.
  case number(Double)
}

/// Joins predictions with the labels that come for them later, twice, otherwise, or never.
///
/// A value without a clock. Predictions are kept by the hash of a receipt or a key, in windows of the time at which they
/// were made, whenever their labels come; at most `capacity` of them. Where there is no room the oldest window goes, handed
/// out as it stands; a single window that is full counts further predictions and keeps none, and says how many. Two keys of
/// one hash count as one, which of a million keys one in forty million is.
public struct Feedback: Sendable {
  /// The most predictions that can be kept at all, some hundred bytes each.
  public static let capacityLimit = 1 << 24
  /// The most windows that are kept.
  public static let windowLimit = 4096

  /// What became of a label.
  public enum LabelTurn: Sendable, Equatable {
    /// It is the first for its prediction.
    case taken
    /// It says what was said before.
    case repeated
    /// It says something else than before: it counts, the one before no longer does.
    case corrected
    /// No prediction is kept by this key: there was none, or it is gone.
    case unknown
    /// It is a class and the prediction a number, or the other way, or no class that there could be.
    case unlike
  }

  struct Entry: Sendable {
    let key: UInt64
    let prediction: KeptPrediction
    var label: TruthLabel?
  }

  struct Window: Sendable {
    let start: Timestamp
    var entries: [Entry] = []
    /// Predictions that there was no room for.
    var unkept = 0
    var corrections = 0
  }

  private struct Place {
    var window: Timestamp
    var entry: Int
  }

  /// How long a window is, in milliseconds.
  public let length: Int64
  /// How long after the end of a window labels are waited for, in milliseconds.
  public let patience: Int64
  /// How many predictions are kept at most.
  public let capacity: Int
  /// How many labels were for no prediction that is kept.
  public private(set) var unknownLabels = 0
  /// How many labels were of another kind than their prediction.
  public private(set) var unlikeLabels = 0
  /// How many predictions came under a key that another has.
  public private(set) var repeatedKeys = 0
  /// How many predictions were of a window that was handed out.
  public private(set) var tooLatePredictions = 0

  private var windows: [Window] = []
  private var places: [UInt64: Place] = [:]
  private var settled: [FeedbackReport] = []
  private var floor = Timestamp(milliseconds: .min)

  /// A join over windows of a length; throws `monitoring.window` where that is less than a second or more than 366 days,
  /// the patience negative or more than ten years, or the capacity not from 1 to `capacityLimit`.
  public init(length: Int64, patience: Int64, capacity: Int = 100_000) throws(Problem) {
    guard (1_000...(366 * 86_400_000)).contains(length) else {
      throw EventWindows.malformed("a window from 1000 ms to 366 days", "\(length) ms")
    }
    guard (0...(3_660 * 86_400_000)).contains(patience) else {
      throw EventWindows.malformed("a patience from 0 to 3660 days", "\(patience) ms")
    }
    guard (1...Self.capacityLimit).contains(capacity) else {
      throw EventWindows.malformed("1 to \(Self.capacityLimit) predictions", "\(capacity)")
    }
    self.length = length
    self.patience = patience
    self.capacity = capacity
  }

  /// How many predictions are kept now.
  public var count: Int { places.count }

  /// Keeps a prediction that was made at `moment`; whether it did.
  @discardableResult
  public mutating func keep(_ prediction: KeptPrediction, key: UInt64, at moment: Timestamp) -> Bool {
    let start = moment.beginning(of: length)
    guard start >= floor else {
      tooLatePredictions += 1
      return false
    }
    guard places[key] == nil else {
      repeatedKeys += 1
      return false
    }
    if places.count >= capacity || windows.count >= Self.windowLimit, let first = windows.first,
      first.start < start
    {
      settleFirst(early: true)
    }
    let place = window(beginning: start)
    guard places.count < capacity, let place else {
      if let place { windows[place].unkept += 1 } else { tooLatePredictions += 1 }
      return false
    }
    places[key] = Place(window: start, entry: windows[place].entries.count)
    windows[place].entries.append(Entry(key: key, prediction: prediction, label: nil))
    return true
  }

  /// Takes a label for the prediction of a key, whenever it comes.
  @discardableResult
  public mutating func learn(_ label: TruthLabel, key: UInt64) -> LabelTurn {
    guard let place = places[key], let window = windows.firstIndex(where: { $0.start == place.window }) else {
      unknownLabels += 1
      return .unknown
    }
    let entry = windows[window].entries[place.entry]
    guard label.isLike(entry.prediction) else {
      unlikeLabels += 1
      return .unlike
    }
    guard entry.label != label else { return .repeated }
    windows[window].entries[place.entry].label = label
    guard entry.label != nil else { return .taken }
    windows[window].corrections += 1
    return .corrected
  }

  /// What is known by now of each window that is kept, in the order of time.
  public var reports: [FeedbackReport] {
    windows.map { FeedbackReport(of: $0, length: length, isCutShort: false) }
  }

  /// Hands out the windows whose labels were waited for long enough, or that there was no room for, and forgets them.
  public mutating func takeSettled(now: Timestamp) -> [FeedbackReport] {
    while let first = windows.first, first.start.later(by: length).later(by: patience) <= now {
      settleFirst(early: false)
    }
    defer { settled = [] }
    return settled
  }

  private mutating func settleFirst(early: Bool) {
    let window = windows.removeFirst()
    for entry in window.entries { places[entry.key] = nil }
    floor = max(floor, window.start.later(by: length))
    // As many reports wait as windows may: the oldest is forgotten where nobody takes them.
    if settled.count >= Self.windowLimit { settled.removeFirst() }
    settled.append(FeedbackReport(of: window, length: length, isCutShort: early))
  }

  private mutating func window(beginning start: Timestamp) -> Int? {
    if let last = windows.last, last.start == start { return windows.count - 1 }
    if let place = windows.firstIndex(where: { $0.start >= start }) {
      if windows[place].start == start { return place }
      guard windows.count < Self.windowLimit else { return nil }
      windows.insert(Window(start: start), at: place)
      return place
    }
    windows.append(Window(start: start))
    return windows.count - 1
  }
}

extension TruthLabel {
  /// Whether it can be the truth about what was predicted.
  fileprivate func isLike(_ prediction: KeptPrediction) -> Bool {
    switch (self, prediction) {
    case (.classes(let place), .binary): (0...1).contains(place)
    case (.classes(let place), .classes): place >= 0
    case (.number(let value), .number): value.isFinite
    default: false
    }
  }
}
