import Artifacts
import Domain

/// A zip archive under inspection: unpacks members within the walk's budget, says what is wrong with their
/// contents, and remembers which were read.
struct OpenArchive {
  /// The archive; its members are `zip.members`, by name `zip.member(named:)`.
  let zip: ZipArchive
  /// Where the archive stands in the artifact.
  let subject: Subject
  private var read: Set<Int> = []
  private var links = ArchiveLinks()

  init(_ zip: ZipArchive, subject: Subject) {
    self.zip = zip
    self.subject = subject
  }

  /// Where a member stands, for findings about it.
  func place(of member: ZipMember) -> Subject {
    let name = (subject.member.isEmpty ? "" : subject.member + "/") + member.name
    return Subject(bytes: [], member: name, depth: subject.depth + 1)
  }

  /// The contents of a member; nil where they cannot be had, which was reported.
  ///
  /// Each call unpacks anew, so keep what was given.
  mutating func bytes(of member: ZipMember, in walk: inout InspectionWalk) -> ArraySlice<UInt8>? {
    if member.index < zip.members.count { read.insert(member.index) }
    return contents(of: member, in: &walk)
  }

  /// Inspects a member as what it is by its content; nil where it cannot be had.
  @discardableResult
  mutating func inspect(_ member: ZipMember, in walk: inout InspectionWalk) -> Inspected? {
    guard let bytes = bytes(of: member, in: &walk) else { return nil }
    return walk.inspectPart(bytes, named: member.name, of: subject, unpacked: false)
  }

  /// Inspects every member that was not read so far, those too that the directory does not list.
  mutating func inspectRest(in walk: inout InspectionWalk) {
    for member in zip.members where !read.contains(member.index) {
      switch member.kind {
      case .directory where member.size == 0: read.insert(member.index)
      case .link: checkLink(member, in: &walk)
      default: note(inspect(member, in: &walk), place(of: member), &walk)
      }
    }
    walk.report(links.irregularities(of: zip.members.map { ($0.name, $0.headerOffset) }), subject)
    for member in zip.unlisted {
      guard let bytes = contents(of: member, in: &walk) else { continue }
      note(
        walk.inspectPart(bytes, named: member.name, of: subject, unpacked: false), place(of: member), &walk)
    }
  }

  private func note(_ inspected: Inspected?, _ place: Subject, _ walk: inout InspectionWalk) {
    guard case .unknown(let what)? = inspected?.content else { return }
    walk.report(.memberNotRead, "expected a model, found \(what)", place)
  }

  private func contents(of member: ZipMember, in walk: inout InspectionWalk) -> ArraySlice<UInt8>? {
    guard !walk.isExhausted else { return nil }
    var budget = walk.budget
    budget.decompressedBytes = walk.remainingBytes
    let contents = zip.contents(of: member, budget: budget)
    walk.report(contents.irregularities, subject)
    if contents.irregularities.contains(where: { $0.kind == .bomb }) { walk.exhaust() }
    guard let bytes = contents.bytes else { return nil }
    if contents.isUnpacked { walk.countUnpacked(bytes.count) }
    return bytes
  }

  /// The target of a symbolic link is its contents.
  private mutating func checkLink(_ member: ZipMember, in walk: inout InspectionWalk) {
    guard let bytes = bytes(of: member, in: &walk) else { return }
    links.add(
      member.name, String(decoding: bytes.prefix(8_192), as: UTF8.self), isHard: false,
      at: member.headerOffset)
  }
}

extension InspectionWalk {
  /// Says what is irregular about an archive and its members; places are counted in the archive's bytes.
  mutating func report(_ irregularities: [ArchiveIrregularity], _ archive: Subject) {
    for irregularity in irregularities {
      var message = irregularity.message
      if let name = irregularity.member {
        let quoted = "'\(name.escaped(limit: 100))'"
        if !message.contains(quoted) { message += ", in \(quoted)" }
      }
      report(Rule.of(irregularity.kind), message, archive, at: irregularity.offset)
    }
  }
}
