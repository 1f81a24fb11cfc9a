import Artifacts

/// skops' archives: a schema in JSON, and arrays beside it.
enum SkopsArchive: ArchiveKind {
  static let name = "skops"

  static func claims(_ archive: ZipArchive) -> Bool { archive.member(named: "schema.json") != nil }

  static func inspect(_ archive: inout OpenArchive, in walk: inout InspectionWalk) -> Inspected {
    guard let member = archive.zip.member(named: "schema.json"),
      let bytes = archive.bytes(of: member, in: &walk)
    else { return Inspected(name, .refused) }
    let place = archive.place(of: member)
    let judge = SkopsJudge(place: place, members: Set(archive.zip.members.map(\.name)))
    var scanner = JSONScanner(bytes, visitor: SkopsVisitor(judge: judge))
    do throws(JSONScanError) {
      let scan = try scanner.run()
      for duplicate in scan.duplicates {
        walk.report(
          .jsonDuplicate,
          "expected each name once in an object, found '\(duplicate.name.escaped(limit: 80))' again",
          place, at: duplicate.offset)
      }
    } catch {
      switch error {
      case .depth(let limit, let offset):
        walk.report(.skopsStructure, "expected nodes at most \(limit) deep, found more", place, at: offset)
      case .digits(let count, let offset):
        walk.report(.jsonDigits, "expected at most 4300 digits, found \(count)", place, at: offset)
      case .malformed(let expected, let found, let offset):
        walk.report(.jsonMalformed, "expected \(expected), found \(found)", place, at: offset)
      case .otherText: walk.report(.jsonMalformed, "expected a JSON object, found other text", place, at: 0)
      }
      walk.report(scanner.visitor.judge.findings)
      return Inspected(name, .refused)
    }
    walk.report(scanner.visitor.judge.findings)
    if let offset = scanner.visitor.recursion() {
      walk.report(.skopsStructure, "expected a value, found a node inside itself", place, at: offset)
    }
    walk.reportSecrets(in: bytes, of: place, numbersAreData: true)
    // Another archive with a file of that name is a container like any other.
    return Inspected(name, scanner.visitor.nodeCount > 0 ? .model : .container)
  }
}
