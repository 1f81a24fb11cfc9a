import Artifacts

/// XML: entities, inclusions, and PMML by its outermost element.
enum XMLFormat: InspectedFormat {
  static let name = "xml"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    var start = bytes.prefix(256)
    if start.starts(with: [0xEF, 0xBB, 0xBF]) { start = start.dropFirst(3) }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { start = start.dropFirst(2) }
    let first = start.drop { $0 <= 0x20 }.prefix(3)
    guard first.first == UInt8(ascii: "<"), let next = first.dropFirst().first(where: { $0 != 0 }) else {
      return nil
    }
    return next == UInt8(ascii: "?") || next == UInt8(ascii: "!") || next == UInt8(ascii: "_")
      || UInt8(ascii: "a")...UInt8(ascii: "z") ~= next | 0x20 ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let scan: XMLScan
    do throws(XMLScanError) {
      scan = try XMLScan.read(subject.bytes)
    } catch {
      switch error {
      case .otherText: return nil
      case .depth(let limit, let offset):
        walk.report(.xmlDepth, "expected at most \(limit) levels, found more", subject, at: offset)
      case .malformed(let expected, let found, let offset):
        walk.report(.xmlMalformed, "expected \(expected), found \(found)", subject, at: offset)
      }
      return Inspected(name, .refused)
    }
    for reference in scan.references { walk.judge(reference, subject) }
    walk.reportSecrets(in: subject.bytes, of: subject, numbersAreData: true)
    return scan.root == "PMML" ? Inspected("PMML", .model) : Inspected(name, .data("XML"))
  }
}

extension InspectionWalk {
  fileprivate mutating func judge(_ reference: XMLScan.Reference, _ subject: Subject) {
    let text = "'\(reference.text.escaped(limit: 160))'"
    switch reference.kind {
    case .internalEntity:
      report(.xmlEntity, "expected no declarations, found the entity \(text)", subject, at: reference.offset)
    case .externalEntity:
      report(
        .xmlEntity, "expected no declarations, found the external entity \(text)", subject,
        at: reference.offset)
    case .externalType:
      // What PMML 1 and 2 were declared by; no reader of today fetches it.
      if reference.text.hasPrefix("http://www.dmg.org/") || reference.text.hasPrefix("pmml") { return }
      report(
        .xmlReference, "expected one document, found a document type at \(text)", subject,
        at: reference.offset)
    case .inclusion:
      report(
        .xmlReference, "expected one document, found the inclusion of \(text)", subject, at: reference.offset)
    case .styleSheet:
      report(
        .xmlReference, "expected one document, found the style sheet \(text)", subject, at: reference.offset)
    case .schema:
      report(
        .xmlReference, "expected a schema at a web address, found \(text)", subject, at: reference.offset)
    case .code:
      report(
        .xmlReference, "expected data, found the name space \(text), which calls code", subject,
        at: reference.offset)
    }
  }
}
