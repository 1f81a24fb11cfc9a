import Advisories
import Domain
import Encoding
import TestKit

/// Well-known advisories, and little ones to order.
enum Example {
  static func known() throws -> [AdvisoryRecord] {
    try Fixtures.names(in: "advisories").flatMap {
      try AdvisoryRecord.records(parsing: Fixtures.bytes("advisories/\($0)"))
    }
  }

  static func database() throws -> AdvisoryDatabase { try AdvisoryDatabase(of: known()) }

  static func component(_ name: String, _ version: String?, ecosystem: String = "PyPI") -> Component {
    Component(ecosystem, name, version: version, scope: .training, statedBy: ["requirements.txt"])
  }

  /// A record about one package; `events` are pairs such as `introduced 0`.
  static func record(
    _ id: String, _ package: PackageName = PackageName("PyPI", "demo"), aliases: [String] = [],
    events: [[String]] = [["introduced 0"]], semantic: Bool = false, versions: [String] = [],
    severity: Severity? = .high, modified: Int64 = 1_000, published: Int64? = 500, isWithdrawn: Bool = false
  ) -> AdvisoryRecord {
    let ranges = events.map { range in
      VersionRange(
        isSemantic: semantic,
        events: range.compactMap { text in
          let words = text.split(separator: " ").map(String.init)
          return VersionRange.Kind(rawValue: words[0]).map { VersionRange.Event($0, words[1]) }
        })
    }
    return AdvisoryRecord(
      id: id, aliases: aliases, published: published.map(Timestamp.init(milliseconds:)),
      modified: Timestamp(milliseconds: modified), isWithdrawn: isWithdrawn, severity: severity,
      affected: [AffectedPackage(package, ranges: ranges, versions: versions)])
  }
}
