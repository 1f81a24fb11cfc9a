import Artifacts
import Domain
import Encoding

/// JSON, judged by its shape: the configuration, the tokenizer or the index of a model, or plain data.
enum JSONFormat: InspectedFormat {
  static let name = "json"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    var start = bytes.prefix(256)
    if start.starts(with: [0xEF, 0xBB, 0xBF]) { start = start.dropFirst(3) }
    let first = start.first { $0 != 0x20 && !(0x09...0x0D ~= $0) }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let outline: JSONOutline
    do throws(JSONScanError) {
      outline = try JSONOutline.read(subject.bytes)
    } catch {
      switch error {
      case .otherText: return nil
      case .depth(let limit, let offset):
        walk.report(.jsonDepth, "expected at most \(limit) levels, found more", subject, at: offset)
      case .digits(let count, let offset):
        walk.report(
          .jsonDigits, "expected at most \(JSONDigits.limit) digits, found \(count)", subject, at: offset)
      case .malformed(let expected, let found, let offset):
        walk.report(.jsonMalformed, "expected \(expected), found \(found)", subject, at: offset)
      }
      return Inspected(name, .refused)
    }
    for duplicate in outline.scan.duplicates {
      walk.report(
        .jsonDuplicate,
        "expected each name once in an object, found '\(duplicate.name.escaped(limit: 80))' again", subject,
        at: duplicate.offset)
    }
    walk.report(ConfigurationJudge.findings(of: outline.root, in: subject))
    walk.reportSecrets(in: subject.bytes, of: subject, numbersAreData: true)
    for kind in JSONKinds.all where kind.claims(outline) {
      return kind.inspect(outline, subject, in: &walk)
    }
    return Inspected(name, .data(outline.scan.documents > 1 ? "JSON lines" : "JSON"))
  }
}

private enum JSONDigits {
  static let limit = 4_300
}

/// A kind of model whose file is one JSON text, told by what is in it.
protocol JSONKind: SendableMetatype {
  /// Whether a text is of this kind.
  static func claims(_ outline: JSONOutline) -> Bool

  /// Judges the text; duplicate names, remote code, templates and secrets have been looked for already.
  ///
  /// `subject` has the whole text where `outline` left something out.
  static func inspect(_ outline: JSONOutline, _ subject: Subject, in walk: inout InspectionWalk) -> Inspected
}

/// Every kind of JSON that is more than data.
enum JSONKinds {
  static let all: [any JSONKind.Type] = [
    KerasConfiguration.self
  ]
}
