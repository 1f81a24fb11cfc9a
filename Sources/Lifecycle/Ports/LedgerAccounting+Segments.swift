import Domain
import Encoding

// Segments of access records as the details of an entry carry them; see `LedgerAccounting.swift`.

extension KeptSegment {
  /// The segment as a change.
  var change: JSON {
    [
      "change": "add-segment", "name": .string(name.description), "root": .string(root.description),
      "lines": JSON(lines), "records": JSON(records), "lost": JSON(lost),
      "first": times.map { .integer($0.lowerBound.milliseconds) } ?? .null,
      "last": times.map { .integer($0.upperBound.milliseconds) } ?? .null, "bytes": JSON(bytes),
      "at": .integer(keptAt.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.segment("name"), let root = members.digest("root"),
      let lines = members.count("lines"), let records = members.count("records"),
      let lost = members.count("lost"), let bytes = members.count("bytes")
    else { return nil }
    var times: ClosedRange<Timestamp>?
    switch (members.moment("first"), members.moment("last")) {
    case (nil, nil): break
    case (let first?, let last?) where first <= last: times = first...last
    default: return nil
    }
    self.init(
      name: name, root: root, lines: lines, records: records, lost: lost, times: times, bytes: bytes,
      keptAt: moment)
  }
}

extension DamagedSegment {
  /// The segment as a change.
  var change: JSON {
    [
      "change": "add-damaged-segment", "name": .string(name.description),
      "digest": .string(digest.description), "bytes": JSON(bytes), "code": .string(code),
      "at": .integer(setAsideAt.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.segment("name"), let digest = members.digest("digest"),
      let bytes = members.count("bytes"), let code = members.text("code")
    else { return nil }
    self.init(name: name, digest: digest, bytes: bytes, code: code, setAsideAt: moment)
  }
}
