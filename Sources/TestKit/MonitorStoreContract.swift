import Domain
public import Lifecycle
import Monitoring
import Provenance
import Testing

/// What every store of what is watched keeps.
public struct MonitorStoreContract {
  private let store: any MonitorStore
  private let iris = try? VersionReference(name: ModelName(parsing: "iris"), version: .first)

  /// Holds an empty store to the contract.
  public init(_ store: any MonitorStore) { self.store = store }

  private func window(_ version: VersionReference, minute: Int64, rows: Int = 1) throws -> WatchedWindow {
    let shape = ModelShape(columns: [ColumnShape(name: "x", kind: .number(NumberShape(edges: [1, 2])))])
    var profile = ModelProfile(shape: shape)
    for row in 0..<rows { try profile.observe(row: [Double(row)]) }
    let start = Timestamp(milliseconds: minute * 60_000)
    return WatchedWindow(
      reference: version, bundle: Digest(of: [1]),
      window: EventWindow(start: start, end: start.plus(60_000), profile: profile))
  }

  private func alert(_ id: String, _ version: VersionReference, minute: Int64, isEnd: Bool = false)
    -> MonitoringAlert
  {
    let at = Timestamp(milliseconds: minute * 60_000)
    return MonitoringAlert(
      id: id, version: version, column: "x", role: "feature", aspect: "values", at: at, message: "it moved",
      change: isEnd
        ? nil : .init(since: at, rows: 250, distance: 0.25, eValue: 1e300, threshold: 200))
  }

  /// Runs all of it.
  public func run() async throws {
    let iris = try #require(iris)
    let one = try #require(WindowName("0123456789abcdef-000000000001"))
    let two = try #require(WindowName("0123456789abcdef-000000000002"))
    let end = Timestamp(milliseconds: 1_000_000_000)
    func windows() async throws -> [WatchedWindow] {
      try await store.windows(of: iris, after: Timestamp(milliseconds: 0), before: end, count: 100).map(
        \.window)
    }
    #expect(try await store.taken(of: one.instance) == 0)
    #expect(try await store.versions(of: nil).isEmpty)

    // All that a window leads to is there, once, however often it is kept.
    var taken = TakenWindow(name: one, window: try window(iris, minute: 10, rows: 3))
    taken.detectors = [1, 2, 3]
    taken.alerts = [alert("a", iris, minute: 11), alert("b", iris, minute: 12, isEnd: true)]
    try await store.keep(taken)
    try await store.keep(taken)
    #expect(try await store.taken(of: one.instance) == 1)
    #expect(try await windows() == [try window(iris, minute: 10, rows: 3)])
    #expect(try await store.detectors(of: iris) == [1, 2, 3])
    #expect(try await store.unrecorded() == taken.alerts)
    #expect(try await store.alerts(of: iris.name, count: 1) == [taken.alerts[1]])
    try await store.noteRecorded(["a"])
    #expect(try await store.unrecorded().map(\.id) == ["b"])

    // One that did not read is taken all the same.
    try await store.keep(TakenWindow(name: two))
    #expect(try await store.taken(of: two.instance) == 2)
    #expect(try await windows().count == 1)
    #expect(try await store.detectors(of: iris) == [1, 2, 3])

    // Several become one, or all stay.
    let three = try #require(WindowName("fedcba9876543210-000000000007"))
    try await store.keep(TakenWindow(name: three, window: try window(iris, minute: 11)))
    let ids = try await store.windows(of: iris, after: Timestamp(milliseconds: 0), before: end, count: 9).map(
      \.id)
    let merged = try window(iris, minute: 10, rows: 4)
    try await store.replace(ids + [4711], by: merged)
    #expect(try await windows().count == 2)
    try await store.replace(ids, by: merged)
    #expect(try await windows() == [merged])

    // What ended before goes, and beyond a number the oldest.
    for minute in 20..<24 {
      let name = try #require(WindowName("fedcba9876543210-0000000000\(minute)"))
      try await store.keep(TakenWindow(name: name, window: try window(iris, minute: Int64(minute))))
    }
    try await store.prune(before: Timestamp(milliseconds: 15 * 60_000), limit: 3, byteLimit: .max)
    #expect(try await windows() == (21..<24).map { try window(iris, minute: $0) })
    #expect(try await store.versions(of: iris.name) == [iris])
    try await boundBytes(iris)
    try await tellWhatStands()
  }

  /// Beyond so many bytes of a model the oldest windows go, whichever version they are of, and none of another model.
  private func boundBytes(_ iris: VersionReference) async throws {
    let next = VersionReference(name: iris.name, version: try #require(VersionNumber(2)))
    let other = try VersionReference(name: ModelName(parsing: "wine"), version: .first)
    for (number, version) in [(30, next), (31, other)] {
      let name = try #require(WindowName("fedcba9876543210-0000000000\(number)"))
      try await store.keep(TakenWindow(name: name, window: try window(version, minute: 1)))
    }
    let each = try window(iris, minute: 1).bytes.count
    try await store.prune(before: Timestamp(milliseconds: 0), limit: 99, byteLimit: 3 * each)
    #expect(try await store.versions(of: nil) == [iris, other])
    try await store.prune(before: Timestamp(milliseconds: 0), limit: 99, byteLimit: 2 * each)
    let end = Timestamp(milliseconds: 1_000_000_000)
    let kept = try await store.windows(of: iris, after: Timestamp(milliseconds: 0), before: end, count: 9)
    #expect(kept.map(\.window.window.start.milliseconds) == [22 * 60_000, 23 * 60_000])
  }

  /// A column that is told of again and again hides no other, and what has ended stands no more.
  private func tellWhatStands() async throws {
    let version = try VersionReference(name: ModelName(parsing: "loud"), version: .first)
    func alert(_ id: String, _ column: String, minute: Int64, isEnd: Bool = false) -> MonitoringAlert {
      let at = Timestamp(milliseconds: minute * 60_000)
      return MonitoringAlert(
        id: id, version: version, column: column, role: "feature", aspect: "values", at: at,
        message: "'\(column)' has 'Bob'",
        change: isEnd ? nil : .init(since: at, rows: 250, distance: 0.25, eValue: 1e9, threshold: 200))
    }
    var taken = TakenWindow(
      name: try #require(WindowName("fedcba9876543210-000000000040")), window: try window(version, minute: 1))
    taken.alerts = [alert("quiet", "quiet", minute: 1), alert("gone", "gone", minute: 1)]
    // Of the same moment: the order in which they were found decides.
    taken.alerts += [alert("gone again", "gone", minute: 1, isEnd: true)]
    for turn in 0..<300 {
      taken.alerts.append(alert("loud \(turn)", "loud", minute: Int64(turn + 2), isEnd: turn % 2 == 1))
    }
    taken.alerts.append(alert("loud last", "loud", minute: 500))
    // What was found of a caller is told of, and does not stand.
    let later = Timestamp(milliseconds: 501 * 60_000)
    taken.alerts.append(
      MonitoringAlert(
        id: "caller", version: version, column: "k-1", role: MonitoringAlert.callerRole,
        aspect: "extraction by exploring", at: later, message: "caller 'k-1': extraction?",
        change: .init(since: later, rows: 31, distance: 0.5, eValue: 1e10, threshold: 6e9)))
    try await store.keep(taken)
    #expect(try await store.standing(of: version.name, count: 9).map(\.id) == ["loud last", "quiet"])
    #expect(try await store.standing(of: version.name, count: 1).map(\.id) == ["loud last"])
    #expect(try await store.alerts(of: version.name, count: 1).map(\.id) == ["caller"])
    try await store.forgetMessages(of: ["quiet"])
    let quiet = try #require(try await store.standing(of: version.name, count: 9).last)
    #expect(quiet.message.isEmpty && quiet.change?.rows == 250)
  }
}

extension Timestamp {
  fileprivate func plus(_ milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)
  }
}
