import Artifacts
import Domain

/// Looks for a pickle that does something where none should be: in bytes that belong to another format, or
/// behind the end of one.
enum HiddenPickle {
  /// What only a pickle that does something gives; damage and oddities come by chance.
  private static let acts: Set<String> = [
    Rule.call.id, Rule.callResult.id, Rule.importName.id, Rule.changesGlobal.id,
  ]
  /// How many places are tried.
  private static let places = 256
  /// How far behind the first byte is looked for one.
  private static let reach = 1 << 20

  /// The findings about a pickle that begins at `offset` of `subject`; none where nothing there acts.
  static func findings(at offset: Int, of subject: Subject, budget: ReadingBudget) -> [Finding] {
    let bytes = subject.bytes.dropFirst(offset)
    guard let first = bytes.first, first == 0x80 || PickleReading.canBegin(with: first) else { return [] }
    var small = budget
    small.opcodes = min(budget.opcodes, 100_000)
    let reading = PickleReading.read(bytes, budget: small)
    return PickleJudge.findings(of: reading, member: subject.member).filter { acts.contains($0.rule) }
      .map { $0.moved(by: offset) }
  }

  /// The findings about the first pickle that acts at or behind `offset`, whatever stands before it.
  ///
  /// A pickle of protocol 2 or later is known by its first two bytes; an older one is looked for only where
  /// the first byte stands that is no blank or zero.
  static func findings(behind offset: Int, of subject: Subject, budget: ReadingBudget) -> [Finding] {
    let bytes = subject.bytes.dropFirst(offset).prefix(reach)
    var candidates: [Int] = []
    if let start = bytes.firstIndex(where: { $0 != 0 && $0 != 0x20 && !(0x09...0x0D ~= $0) }) {
      candidates.append(start)
    }
    for index in bytes.indices.dropLast() where bytes[index] == 0x80 && 2...5 ~= bytes[index + 1] {
      candidates.append(index)
      if candidates.count == places { break }
    }
    for candidate in candidates {
      let found = findings(at: candidate - subject.bytes.startIndex, of: subject, budget: budget)
      if !found.isEmpty { return found }
    }
    return []
  }
}

extension Rule {
  /// The rules about bytes that come behind the end of a format, or between its parts.
  static let behindTheEnd: Set<String> = [
    trailingBytes.id, compressionTrailing.id, archiveTrailing.id, archiveGap.id, archivePrefix.id,
    torchTrailing.id, ggufUnknown.id, hdf5Trailing.id,
  ]
}

extension Finding {
  /// The finding about bytes that stand `count` further into the file.
  fileprivate func moved(by count: Int) -> Finding {
    Finding(
      rule: rule, severity: severity, member: member, offset: offset.map { $0 + count }, opcode: opcode,
      message: message, remedy: remedy)
  }
}
