import Artifacts
import Domain

/// A tar archive.
enum TarFormat: InspectedFormat {
  static let name = "tar"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    if TarArchive.begins(bytes) { return .certain }
    return TarArchive.hasMagic(bytes) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let archive = TarArchive(subject.bytes, memberLimit: InspectionWalk.memberLimit)
    walk.report(archive.irregularities, subject)
    reportPickle(subject, in: &walk)
    let isTorch = TorchTar.claims(archive)
    for member in archive.members where member.kind == .file {
      if isTorch, TorchTar.inspect(member, of: subject, in: &walk) { continue }
      guard
        let inspected = walk.inspectPart(member.bytes, named: member.name, of: subject, unpacked: false),
        case .unknown(let what) = inspected.content
      else { continue }
      let place = (subject.member.isEmpty ? "" : subject.member + "/") + member.name
      walk.report(
        .memberNotRead, "expected a model, found \(what)",
        Subject(bytes: [], member: place, depth: subject.depth + 1))
    }
    return isTorch ? Inspected("PyTorch tar", .model) : Inspected(name, .container)
  }
}

extension TarFormat {
  /// The rules about what a pickle would do, as against what its bytes look like.
  private static let acts: Set<String> = [
    Rule.call.id, Rule.callResult.id, Rule.importName.id, Rule.changesGlobal.id,
  ]

  /// A tar archive begins with a name of its author's choosing, which may be a pickle of protocol 0.
  private static func reportPickle(_ subject: Subject, in walk: inout InspectionWalk) {
    guard let first = subject.bytes.first, PickleReading.canBegin(with: first) else { return }
    let reading = PickleReading.read(subject.bytes, budget: walk.budget)
    let findings = PickleJudge.findings(of: reading, member: subject.member)
    guard findings.contains(where: { acts.contains($0.rule) }) else { return }
    walk.report(.polyglot, "expected one format, found a pickle and tar in the same bytes", subject, at: 0)
    walk.report(findings)
  }
}
