import Advisories
import Domain
import Encoding

/// Reads the input as advisories of others, as a document of the platform's, and as a version, a vector and a name, a line
/// each: whatever reads is written as it was read, and has an answer for any part.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAdvisories(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  if let records = try? AdvisoryRecord.records(parsing: bytes),
    let written = try? AdvisoryDatabase(of: records)
  {
    guard let read = try? AdvisoryDatabase(parsing: written.bytes) else {
      preconditionFailure("what is written reads")
    }
    check(read, records)
  }
  if let database = try? AdvisoryDatabase(parsing: bytes) {
    precondition(database.bytes == bytes)
    check(database, [])
  }
  check(bytes.split(separator: UInt8(ascii: "\n")).prefix(8).map { String(decoding: $0, as: UTF8.self) })
  return 0
}

private func check(_ database: AdvisoryDatabase, _ records: [AdvisoryRecord]) {
  for record in records.prefix(4) {
    guard let weakness = database.weakness(named: record.id) else {
      precondition(
        record.isWithdrawn || records.contains { $0.id == record.id && $0 != record },
        "what is valid is found by its name")
      continue
    }
    precondition(weakness.names.contains(record.id))
    for package in weakness.affected.prefix(4) {
      for version in [nil, "1.0", package.versions.first, package.ranges.first?.events.first?.version] {
        let component = Component(
          package.package.ecosystem, package.package.name, version: version, scope: .training, statedBy: [])
        for found in database.weaknesses(of: [component]) { precondition(!found.parts.isEmpty) }
      }
    }
  }
}

/// Orders are orders, and scores are on their scale.
private func check(_ lines: [String]) {
  for line in lines {
    if let score = SeverityScore(vector: line) { precondition(0...100 ~= score.tenths) }
    for ecosystem in ["PyPI", "SwiftURL"] {
      let name = PackageName(ecosystem, line)
      precondition(PackageName(ecosystem, name.name).name.utf8.elementsEqual(name.name.utf8))
    }
  }
  check(order: lines.compactMap { PythonVersion(parsing: $0) })
  check(order: lines.compactMap { SemanticVersion(parsing: $0) })
}

private func check(order versions: [some Comparable & Hashable]) {
  for left in versions {
    precondition(!(left < left) && left == left)
    for right in versions {
      precondition([left < right, left == right, right < left].count { $0 } == 1)
      precondition(left != right || left.hashValue == right.hashValue)
      for third in versions where left < right && right < third { precondition(left < third) }
    }
  }
}
