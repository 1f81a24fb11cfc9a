import Artifacts
import Domain

/// One inspection under way: goes through an artifact and what is inside it, collects findings, and keeps to
/// one budget for all of it.
///
/// A value: a format that turns out not to be the right one after all has changed only a copy.
struct InspectionWalk {
  /// How many containers may stand inside each other.
  static let depthLimit = 6
  /// How many files there may be inside the artifact, all containers together.
  static let memberLimit = 20_000
  /// How many findings about one file are drawn.
  private static let drawnLimit = 200

  /// The formats that are made of pickles.
  private static let pickles: Set<String> = [PickleFormat.name, TorchLegacyFormat.name]

  /// What reading may cost.
  let budget: ReadingBudget
  /// The files of an artifact that is a directory, by path: what one of them may refer to.
  let files: [String: ArraySlice<UInt8>]
  /// What was found so far.
  private(set) var findings: [Finding] = []
  /// What stands at the place of each finding.
  private(set) var excerpts: [FindingExcerpt?] = []
  private var memberCount = 0
  private var unpackedCount = 0
  private var artifactCount = 0

  /// Starts an inspection.
  init(budget: ReadingBudget, files: [String: ArraySlice<UInt8>] = [:]) {
    self.budget = budget
    self.files = files
  }

  /// How many bytes may still be unpacked: as many as one stream of the artifact's size might unpack to.
  var remainingBytes: Int { max(0, budget.unpackedLimit(of: artifactCount) - unpackedCount) }

  /// Counts bytes that were unpacked.
  mutating func countUnpacked(_ count: Int) { unpackedCount += count }

  /// Whether a bomb was met: nothing is unpacked from there on.
  private(set) var isExhausted = false

  /// Notes that a bomb was met.
  ///
  /// What it unpacked to is gone, the work is not: ten thousand of them are one too.
  mutating func exhaust() { isExhausted = true }

  /// Says something about a subject.
  mutating func report(
    _ rule: Rule, _ message: String, _ subject: Subject, at offset: Int? = nil, opcode: String? = nil
  ) {
    report([rule.finding(message, member: subject.member, offset: offset, opcode: opcode)])
  }

  /// Adds findings; past the budget only those that weigh most.
  mutating func report(_ more: [Finding]) {
    for finding in more
    where findings.count < budget.observations
      || finding.severity == .critical
        && findings.count < 2 * budget.observations
    {
      findings.append(finding)
      excerpts.append(nil)
    }
  }

  /// Inspects bytes as what they are by their content, and what is inside them.
  mutating func inspect(_ subject: Subject) -> Inspected {
    if subject.depth == 0 { artifactCount += subject.bytes.count }
    let known = findings.count
    let inspected = recognise(subject)
    lookBehind(subject, from: known)
    draw(subject, from: known)
    return inspected
  }

  /// Looks for a pickle in bytes that a reader of the format never comes to.
  private mutating func lookBehind(_ subject: Subject, from known: Int) {
    let ends = findings.dropFirst(known).prefix(Self.drawnLimit).filter {
      $0.member == subject.member && Rule.behindTheEnd.contains($0.rule)
    }
    for end in ends.prefix(8) {
      report(HiddenPickle.findings(behind: end.offset ?? 0, of: subject, budget: budget))
    }
  }

  /// Keeps what stands at the places of the findings about `subject`; what is deeper inside was drawn before.
  ///
  /// A secret is not shown again.
  private mutating func draw(_ subject: Subject, from known: Int) {
    for index in findings.indices.dropFirst(known).prefix(Self.drawnLimit) where excerpts[index] == nil {
      guard let offset = findings[index].offset, findings[index].member == subject.member,
        Rule.named(findings[index].rule)?.family != .disclosure
      else { continue }
      excerpts[index] = FindingExcerpt(of: subject.bytes, at: offset)
    }
  }

  private mutating func recognise(_ subject: Subject) -> Inspected {
    let claims = KnownFormat.all.map { (format: $0, claim: $0.claim(subject.bytes)) }
    var readings: [(format: KnownFormat, inspected: Inspected, walk: InspectionWalk)] = []
    for (format, claim) in claims where claim == .certain {
      var copy = self
      if let inspected = format.inspect(subject, &copy) { readings.append((format, inspected, copy)) }
    }
    if readings.count > 1 {
      // Two bytes of a length can be another format's magic by chance; its reader gets no further than that.
      let further = readings.filter { !$0.walk.stopsAtOnce(after: findings.count) }
      readings = further.isEmpty ? Array(readings.prefix(1)) : further
    }
    if readings.count > 1 {
      let names = readings.map(\.format.name).joined(separator: " and ")
      report(.polyglot, "expected one format, found \(names) in the same bytes", subject, at: 0)
    }
    if let first = readings.first {
      if readings.count == 1 {
        self = first.walk
      } else {
        for reading in readings { _ = attempt(reading.format, subject) }
      }
      if !readings.contains(where: { Self.pickles.contains($0.format.name) }) {
        lookThrough(subject, as: first.format)
      }
      return first.inspected
    }
    for (format, claim) in claims where claim == .possible {
      if let inspected = attempt(format, subject) { return inspected }
    }
    return Inspected("unknown", .unknown(subject.bytes.isEmpty ? "an empty file" : "binary data"))
  }

  /// Reads bytes that are certainly of another format as a pickle too: one that does something is there by no
  /// accident, whatever magic stands in its first string.
  private mutating func lookThrough(_ subject: Subject, as format: KnownFormat) {
    let found = HiddenPickle.findings(at: 0, of: subject, budget: budget)
    guard !found.isEmpty else { return }
    report(
      .polyglot, "expected one format, found \(format.name) and \(PickleFormat.name) in the same bytes",
      subject, at: 0)
    report(found)
  }

  /// Whether all that was found since is that the first bytes are damaged.
  private func stopsAtOnce(after known: Int) -> Bool {
    findings.count > known
      && findings.dropFirst(known).allSatisfy { finding in
        Rule.named(finding.rule)?.verdict == .malformed && finding.offset.map { $0 <= 16 } ?? false
      }
  }

  private mutating func attempt(_ format: KnownFormat, _ subject: Subject) -> Inspected? {
    var copy = self
    guard let inspected = format.inspect(subject, &copy) else { return nil }
    self = copy
    return inspected
  }

  /// Inspects what was inside `subject`: the member `name` of an archive, or without a name what a compressed
  /// stream unpacked to.
  ///
  /// Nil where a limit is passed, which is a finding. `unpacked` says whether the bytes are new memory.
  mutating func inspectPart(
    _ bytes: ArraySlice<UInt8>, named name: String? = nil, of subject: Subject, unpacked: Bool
  ) -> Inspected? {
    guard subject.depth < Self.depthLimit else {
      report(
        .nesting, "expected at most \(Self.depthLimit) containers inside each other, found more", subject)
      return nil
    }
    memberCount += 1
    guard memberCount <= Self.memberLimit else {
      if memberCount == Self.memberLimit + 1 {
        report(
          .members, "expected at most \(Self.memberLimit) files inside the artifact, found more", subject)
      }
      return nil
    }
    if unpacked { countUnpacked(bytes.count) }
    var member = subject.member
    if let name { member += (member.isEmpty ? "" : "/") + name }
    return inspect(Subject(bytes: bytes, member: member, depth: subject.depth + 1))
  }
}
